import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'

const known = z.record(z.string(), z.object({ digest: z.string(), size: z.number() }))
type Known = z.infer<typeof known>

const MAX_KNOWN = 5_000

const file = (): string => {
  const given = process.env['XDG_CACHE_HOME']
  const directory = given === undefined || given === '' ? join(homedir(), '.cache') : given
  return join(directory, 'roadstead', 'layers.json')
}

const read = async (): Promise<Known> => {
  try {
    return known.parse(JSON.parse(await readFile(file(), 'utf8')))
  } catch {
    // A cache: nothing is lost without it.
    return {}
  }
}

/** What a layer was compressed to when it was pushed before, so that it need not be compressed to be skipped. */
export const findKnownLayer = async (diffId: string): Promise<Known[string] | undefined> =>
  (await read())[diffId]

let remembering: Promise<void> = Promise.resolve()

/** Remembers what a layer was compressed to. */
export const rememberLayer = async (diffId: string, layer: Known[string]): Promise<void> => {
  // One after the other: layers are compressed side by side.
  remembering = remembering.then(async () => {
    await write({ ...(await read()), [diffId]: layer })
  })
  await remembering
}

const write = async (layers: Known): Promise<void> => {
  const path = file()
  const fresh = `${path}.${process.pid}`
  try {
    await mkdir(dirname(path), { recursive: true })
    const newest = Object.entries(layers).slice(-MAX_KNOWN)
    await writeFile(fresh, JSON.stringify(Object.fromEntries(newest)))
    await rename(fresh, path)
  } catch {
    // As above.
  }
}
