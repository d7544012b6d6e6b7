import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { temporaryDirectory } from '../support/temporary.ts'
import { keep, soak } from './soak.ts'
import { summarize } from './summary.ts'

/** `npm run soak` is at it for longer. */
const SECONDS = 120
const SEEDS = 2 ** 31
const CLIENTS = ['crane', 'oras', 'regctl', 'skopeo']
const KINDS = ['copy', 'delete manifest', 'delete tag', 'pull', 'push', 'tag']

it('clients that push, retag, mount, delete and pull beside a busy collector break nothing, and leave what is alive', async () => {
  const { path, remove } = await temporaryDirectory('soak')
  const seed = randomInt(1, SEEDS)
  const result = await soak({ seconds: SECONDS, seed, directory: path, progress: () => undefined })
  process.stdout.write(`${summarize(result)}\n`)
  if (result.wrong.length > 0) await keep(path, result)
  expect(result.wrong, `seed ${seed}; what is known is in ${path}`).toEqual([])

  // A soak in which something never succeeds proves nothing.
  const done = result.events.filter(({ promised }) => promised === undefined)
  for (const kind of ['push', 'pull']) {
    const clients = new Set(done.filter((one) => one.kind === kind).map(({ client }) => client))
    expect([...clients].toSorted(), kind).toEqual(CLIENTS)
  }
  expect([...new Set(done.map(({ kind }) => kind))].toSorted()).toEqual(KINDS)
  expect(result.mounts).toBeGreaterThan(0)
  expect(result.imagesMade).toBeGreaterThan(2 * result.imagesLeft)
  await remove()
})
