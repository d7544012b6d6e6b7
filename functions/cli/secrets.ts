import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CliError } from './client.ts'

/** The first line of the standard input. */
export const readStdin = async (): Promise<string> => {
  const [line = ''] = await readLines()
  return line
}

const readLines = async (): Promise<readonly string[]> => (await text(process.stdin)).split(/\r?\n/)

/** Asks a person at a terminal, without showing what is typed. */
export const ask = async (question: string): Promise<string> => {
  if (!process.stdin.isTTY) {
    throw new CliError('there is no terminal to ask at; give the password by --password-stdin')
  }
  process.stderr.write(question)
  const silent = new Writable({
    write: (_chunk, _encoding, done) => {
      done()
    },
  })
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    process.stderr.write('\n')
  }
}

/**
 * One's own password and a new one for somebody: by the two first lines of the standard input where that is wanted, else
 * from whoever sits at the terminal.
 */
export const readBothPasswords = async (
  { passwordStdin }: { readonly passwordStdin?: boolean },
  own: string,
  other: string,
): Promise<readonly [string, string]> => {
  if (passwordStdin !== true) return [await ask(own), await ask(other)]
  const [first = '', second = ''] = await readLines()
  return [first, second]
}

/** A password by the standard input where that is wanted, else from whoever sits at the terminal. */
export const readPassword = async (
  { passwordStdin }: { readonly passwordStdin?: boolean },
  question: string,
): Promise<string> => (passwordStdin === true ? await readStdin() : await ask(question))
