import fc from 'fast-check'
import { expect } from 'vitest'
import type { Item, Kv, QueryPage } from '../../../shared/ports.ts'
import { createModel } from './model-kv.ts'
import { inPartition, sequences, type Step } from './model-steps.ts'
import { freshPartition, token, type KvSubject } from './subject.ts'

const RUNS = 60

/** Answers that may differ between adapters are brought to one form. */
const run = async (kv: Kv, step: Step): Promise<unknown> => {
  switch (step.kind) {
    case 'get':
      return await kv.get(step.key, 'strong')
    case 'write':
      return await kv.write(step.operation)
    case 'batchWrite':
      return await kv.batchWrite(step.operations)
    case 'transact':
      return await kv.transact(step.operations, token())
    case 'query':
      return withoutNext(await kv.query({ ...step.query, read: 'strong' }))
    default:
      return step satisfies never
  }
}

/** A page that ends with the last item may or may not know that it is the last. */
const withoutNext = ({ items }: QueryPage): readonly Item[] => items

const outcomeOf = async (kv: Kv, step: Step): Promise<unknown> => {
  try {
    return plain(await run(kv, step))
  } catch (error) {
    if (error instanceof RangeError) return 'RangeError'
    throw error
  }
}

const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [name, plain(inner)]),
  )
}

export const model = (subject: KvSubject): void => {
  subject.guarantee('any sequence of operations answers as a plain map does', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async (sequence) => {
        const partition = freshPartition()
        const reference = createModel()
        for (const step of sequence) {
          const local = inPartition(step, partition)
          expect(await outcomeOf(subject.kv, local)).toEqual(await outcomeOf(reference, local))
        }
      }),
      { numRuns: RUNS },
    )
  })
}
