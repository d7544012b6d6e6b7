import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CliError } from './client.ts'

/** The first line of the standard input. */
export const readStdin = async (): Promise<string> => {
  const [line = ''] = (await text(process.stdin)).split('\n')
  return line.replace(/\r$/, '')
}

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

/** A password by the standard input where that is wanted, else from whoever sits at the terminal. */
export const readPassword = async (
  { passwordStdin }: { readonly passwordStdin?: boolean },
  question: string,
): Promise<string> => (passwordStdin === true ? await readStdin() : await ask(question))
