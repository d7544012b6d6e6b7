/** `npm run costs`: what the registry costs on AWS, counted; `--write` puts it into the README. */
import { parseArgs } from 'node:util'
import { writeCosts } from './readme.ts'
import { makeCosts } from './table.ts'

const { values } = parseArgs({ options: { write: { type: 'boolean' } } })
const costs = await makeCosts()
if (values.write === true) writeCosts(costs)
process.stdout.write(`${costs}\n`)
