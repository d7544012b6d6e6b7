import type { Command } from 'commander'

/** Shows how a command, or the commands of a group, are used, at the end of its help. */
export const showExamples = (command: Command, ...lines: readonly string[]): void => {
  command.addHelpText('after', ['', 'Examples:', ...lines.map((line) => `  ${line}`)].join('\n'))
}
