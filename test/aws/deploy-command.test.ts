/** `npm run deploy`, as people run it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { explain } from '../../infra/explain.ts'
import { CREDENTIALS, startMinistack, type Endpoint } from '../tools/endpoints/start.ts'
import { startBusyAws } from './busy-aws.ts'
import { bootstrap } from './deploy.ts'

const DEPLOY = join(import.meta.dirname, '..', '..', 'infra', 'deploy.ts')

/** Runs the command to its end; answers its exit code and everything that it wrote. */
const run = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { AWS_CA_BUNDLE: _, ...inherited } = process.env
  const child = spawn(process.execPath, [DEPLOY, ...args], {
    env: { ...inherited, AWS_EC2_METADATA_DISABLED: 'true', ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => (output += text.toString()))
  }
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output, last: output.trimEnd().split('\n').at(-1) ?? '' }
}

const STACK_TRACE = /\n\s+at .*:\d+:\d+/

describe('mistakes', () => {
  it.each([
    ['an unknown option', ['--contxt', 'a=b'], '--help'],
    ['an unknown context', ['-c', 'domian=a.example.com'], 'there is no domian'],
    ['a context that is none', ['-c', 'disposable=perhaps'], 'disposable: '],
    ['half of a domain', ['-c', 'domain=a.example.com'], 'certificate: missing'],
  ])('are told in one line: %s', async (_what, args, sentence) => {
    const { code, output } = await run(args)
    expect(code).toBe(1)
    expect(output.trim().split('\n')).toHaveLength(1)
    expect(output).toContain(sentence)
  })

  it('has a help', async () => {
    const { code, output } = await run(['--help'])
    expect(code).toBe(0)
    expect(output).toContain('cdk bootstrap')
  })

  it.each([
    ['Unable to resolve AWS account to use. It must be either configured', 'no AWS credentials'],
    ['The security token included in the request is expired', 'log in again'],
    ['Has the environment been bootstrapped? Please run', 'npx cdk bootstrap'],
    ['Roadstead: connect ECONNREFUSED 127.0.0.1:1', 'AWS_ENDPOINT_URL'],
    ['User: arn:aws:iam::1:user/a is not authorized to perform: iam:CreateRole', 'may not do this'],
    ['Stack:arn:1 is in UPDATE_IN_PROGRESS state and can not be updated.', 'somebody else'],
    ['An operation on this ChangeSet is currently in progress.', 'somebody else'],
    ['ChangeSetNotFound: ChangeSet [cdk-deploy-change-set] does not exist', 'somebody else'],
    ['something else', 'the lines above'],
  ])('of the environment are explained: %s', (said, todo) => {
    expect(explain(said)).toContain(todo)
  })
})

describe('on an emulated AWS', () => {
  let ministack: Endpoint
  beforeAll(async () => {
    ministack = await startMinistack()
  })
  afterAll(async () => {
    await ministack.stop()
  })

  it('says how to prepare the account', async () => {
    const env = { ...CREDENTIALS, AWS_ENDPOINT_URL: ministack.endpoint }
    const { code, last, output } = await run(['-c', 'stackName=Mine'], env)
    expect(code).toBe(1)
    expect(last).toMatch(/^deploy: .*npx cdk bootstrap/)
    expect(output).not.toMatch(STACK_TRACE)
  })

  it('says that somebody else is deploying the stack, and when that is over deploys, and says what to paste', async () => {
    await bootstrap(ministack.endpoint)
    const { release, stop, url } = await startBusyAws(ministack.endpoint)
    try {
      const env = { ...CREDENTIALS, AWS_ENDPOINT_URL: url }
      const args = ['-c', 'stackName=Mine', '-c', 'disposable=true']
      const second = await run(args, env)
      expect(second.code).toBe(1)
      expect(second.last).toMatch(/^deploy: somebody else is deploying this stack.*deploy again$/)
      expect(second.output).not.toMatch(STACK_TRACE)
      release()
      const { code, output } = await run(args, env)
      expect(code).toBe(0)
      expect(output).toMatch(/Roadstead serves on https?:\/\/\S+/)
      expect(output).toMatch(/aws secretsmanager get-secret-value \S+ \S+ --secret-id \S+/)
      expect(output).toMatch(/\| docker login -u admin --password-stdin \S+/)
      expect(output).toMatch(/docker push \S+\/library\/alpine/)
    } finally {
      await stop()
    }
  })
})
