/** The README tells what the registry costs; it is counted, not remembered. */
import { afterAll, expect, it } from 'vitest'
import { removeBundles } from '../../infra/bundle.ts'
import { readCosts } from '../costs/readme.ts'
import { makeCosts } from '../costs/table.ts'

// The processes of tests are not told of their end.
afterAll(removeBundles)

it('what the README says that a million pulls and pushes cost is what they are counted to cost', async () => {
  expect(readCosts()).toBe(await makeCosts())
})
