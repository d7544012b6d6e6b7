import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { Roadstead, type RoadsteadProps } from '../../infra/roadstead.ts'

/** What a test has of a stack that holds nothing but a registry, in an app that is gone afterwards. */
export const withStack = <T>(
  propsOf: (stack: Stack) => RoadsteadProps,
  use: (stack: Stack, app: App) => T,
): T => {
  // By default an app leaves its assembly in the temporary directory.
  const outdir = mkdtempSync(join(tmpdir(), 'roadstead-template-'))
  try {
    const app = new App({ outdir })
    const stack = new Stack(app, 'Test')
    new Roadstead(stack, 'Roadstead', propsOf(stack))
    return use(stack, app)
  } finally {
    rmSync(outdir, { recursive: true })
  }
}

/** Its template. */
export const templateOf = (propsOf: (stack: Stack) => RoadsteadProps = () => ({})): Template =>
  withStack(propsOf, (stack) => Template.fromStack(stack))
