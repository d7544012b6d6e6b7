import { DeployError } from '../cdk.ts'
import { HELP, parseLocalOptions, type LocalOptions } from './options.ts'

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Runs one of the commands with the options of this process; mistakes and failures are told in a sentence. */
export const runLocal = async (
  name: string,
  command: (options: LocalOptions) => Promise<void>,
): Promise<void> => {
  try {
    const options = parseLocalOptions(process.argv.slice(2))
    if (options === 'help') print(HELP)
    else await command(options)
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    process.stderr.write(`${name}: ${error.message}\n`)
    process.exitCode = 1
  }
}
