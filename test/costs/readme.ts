import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const README = join(import.meta.dirname, '..', '..', 'README.md')
const BEGIN = '<!-- npm run costs -- --write -->\n\n'
const END = '\n\n<!-- costs end here -->'

const parts = (): readonly [before: string, costs: string, after: string] => {
  const text = readFileSync(README, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)]
  if (begin < BEGIN.length || end < begin) throw new Error('the README has no place for the costs')
  return [text.slice(0, begin), text.slice(begin, end), text.slice(end)]
}

/** The costs that the README tells. */
export const readCosts = (): string => parts()[1]

export const writeCosts = (costs: string): void => {
  const [before, , after] = parts()
  writeFileSync(README, `${before}${costs}${after}`)
}
