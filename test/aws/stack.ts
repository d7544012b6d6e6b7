import { afterAll } from 'vitest'
import { removeBundles } from '../../infra/bundle.ts'

// The processes of tests are not told of their end.
afterAll(removeBundles)

export { templateOf, withStack } from './with-stack.ts'
