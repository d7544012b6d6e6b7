/** Random operations over few keys and few attributes, so that they meet each other. */
import fc from 'fast-check'
import type {
  AttributeValue,
  BatchOperation,
  Condition,
  Key,
  Query,
  TransactOperation,
  WriteOperation,
} from '../../../shared/ports.ts'

type StepQuery = Omit<Query, 'read'>

export type Step =
  | { readonly kind: 'get'; readonly key: Key }
  | { readonly kind: 'write'; readonly operation: WriteOperation }
  | { readonly kind: 'batchWrite'; readonly operations: readonly BatchOperation[] }
  | { readonly kind: 'transact'; readonly operations: readonly TransactOperation[] }
  | { readonly kind: 'query'; readonly query: StepQuery }

const SORT_KEYS = ['#', 'a', 'a#1', 'a#2', 'b', '\ufffd', '\u{1f6a2}']

const sk = fc.constantFrom(...SORT_KEYS)
const key: fc.Arbitrary<Key> = sk.map((sortKey) => ({ pk: 'here', sk: sortKey }))
const name = fc.constantFrom('state', 'count', 'name')

const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.constantFrom('live', 'condemned', ''),
  fc.integer({ min: -3, max: 3 }),
  fc.boolean(),
  fc.uint8Array({ maxLength: 2 }),
)
const attributes = fc.dictionary(name, value, { maxKeys: 3 })

const condition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constant<Condition>({ kind: 'exists' }),
  fc.constant<Condition>({ kind: 'absent' }),
  fc.record({ kind: fc.constant('attributeAbsent' as const), name }),
  fc.record({ kind: fc.constant('equals' as const), name, value }),
  fc.record({
    kind: fc.constant('atLeast' as const),
    name,
    value: fc.integer({ min: -3, max: 3 }),
  }),
)
const conditions = fc.array(condition, { maxLength: 2 })

const put = fc.record({ key, attributes }).map(({ key: at, attributes: some }) => ({
  op: 'put' as const,
  item: { ...some, ...at },
}))
const remove = fc.record({ op: fc.constant('delete' as const), key })
const update = fc.record({
  op: fc.constant('update' as const),
  key,
  set: attributes,
  add: fc.dictionary(name, fc.integer({ min: -3, max: 3 }), { maxKeys: 1 }),
  remove: fc.uniqueArray(name, { maxLength: 1 }),
})
const write: fc.Arbitrary<WriteOperation> = fc
  .record({ change: fc.oneof(put, remove, update), conditions })
  .map(({ change, conditions: all }) => ({ ...change, conditions: all }))
const check: fc.Arbitrary<TransactOperation> = fc.record({
  op: fc.constant('check' as const),
  key,
  conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
})

const query: fc.Arbitrary<StepQuery> = fc
  .record(
    {
      sk: fc.oneof(
        fc.constantFrom('a', 'a#', '#', '\u{1f6a2}').map((prefix) => ({ prefix })),
        fc.record({ from: sk, to: sk }),
      ),
      after: sk,
      limit: fc.integer({ min: 1, max: 8 }),
      reverse: fc.boolean(),
      keysOnly: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map((rest) => ({ pk: 'here', ...rest }))

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), operation: write }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('get' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('query' as const), query }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('batchWrite' as const),
      operations: fc.array(fc.oneof(put, remove), { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('transact' as const),
      operations: fc.array(fc.oneof(write, check), { minLength: 1, maxLength: 4 }),
    }),
  },
)

/** Sequences whose last step looks at everything. */
export const sequences: fc.Arbitrary<readonly Step[]> = fc
  .array(step, { minLength: 1, maxLength: 12 })
  .map((steps) => [...steps, { kind: 'query', query: { pk: 'here' } }])

/** The step in a partition that no other run uses. */
export const inPartition = (one: Step, pk: string): Step => {
  switch (one.kind) {
    case 'get':
      return { ...one, key: { ...one.key, pk } }
    case 'write':
      return { ...one, operation: moved(one.operation, pk) }
    case 'batchWrite':
      return { ...one, operations: one.operations.map((operation) => moved(operation, pk)) }
    case 'transact':
      return { ...one, operations: one.operations.map((operation) => moved(operation, pk)) }
    case 'query':
      return { ...one, query: { ...one.query, pk } }
    default:
      return one satisfies never
  }
}

const moved = <T extends TransactOperation | BatchOperation>(operation: T, pk: string): T =>
  operation.op === 'put'
    ? { ...operation, item: { ...operation.item, pk } }
    : { ...operation, key: { ...operation.key, pk } }
