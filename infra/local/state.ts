/** What runs in the background, in a file beside what it says. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const background = z.object({ pid: z.number().int().positive(), words: z.string().min(1) })

const state = z.object({
  /** Where AWS is played. */
  endpoint: z.url(),
  /** Unless somebody else plays it. */
  emulator: background.optional(),
  door: background.optional(),
  /** Once it is deployed. */
  stack: z.object({ url: z.url(), firstPasswordCommand: z.string() }).optional(),
})
export type State = z.infer<typeof state>

const fileIn = (directory: string): string => join(directory, 'state.json')

/** What an earlier command left running; `undefined`: nothing. */
export const readState = (directory: string): State | undefined => {
  try {
    return state.parse(JSON.parse(readFileSync(fileIn(directory), 'utf8')))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new Error(`${fileIn(directory)} cannot be read: end what runs and delete it`, {
      cause: error,
    })
  }
}

/** Only the owner may read it. */
export const writeState = (directory: string, value: State): void => {
  mkdirSync(directory, { recursive: true })
  writeFileSync(fileIn(directory), JSON.stringify(value, undefined, 2), { mode: 0o600 })
}

export const removeState = (directory: string): void => {
  rmSync(fileIn(directory), { force: true })
}
