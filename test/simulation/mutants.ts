import type { Process } from '../../shared/memory/world.ts'
import type { Condition, Kv, TransactOperation } from '../../shared/ports.ts'
import { GUARD } from '../../shared/table.ts'

type Mutate = (process: Process) => Process

const withKv = (process: Process, change: Partial<Kv>): Process => ({
  ...process,
  kv: { ...process.kv, ...change },
})

const isIntent = (operation: TransactOperation): boolean =>
  operation.op === 'delete' && operation.key.sk.startsWith('#INTENT#')

const isGuardRemoval = (operation: TransactOperation): boolean =>
  operation.op === 'delete' &&
  (operation.conditions ?? []).some(({ kind }) => kind === 'equals') &&
  (operation.key.sk === GUARD || operation.key.sk.startsWith('PROJECT#'))

const EXISTS: readonly Condition[] = [{ kind: 'exists' }]

/** Ways to break the protocol, each a rule left out. The simulator is worth something only if it sees every one. */
export const MUTANTS: Readonly<Record<string, Mutate>> = {
  'guards are read eventually': (process) =>
    withKv(process, {
      get: async (key) => await process.kv.get(key, 'eventual'),
      batchGet: async (keys) => await process.kv.batchGet(keys, 'eventual'),
    }),

  'holders are queried eventually': (process) =>
    withKv(process, {
      query: async (query) => await process.kv.query({ ...query, read: 'eventual' }),
    }),

  'a condemned guard is not rescued': (process) =>
    withKv(process, {
      write: async (operation) =>
        operation.op === 'update' && operation.set?.['state'] === 'LIVE'
          ? 'done'
          : await process.kv.write(operation),
    }),

  'holds are verified before they are acknowledged': (process) =>
    withKv(process, {
      batchWrite: async (operations) => {
        void process.clock.sleep(400).then(async () => await process.kv.batchWrite(operations))
        return await Promise.resolve({ unprocessed: [] })
      },
    }),

  'what a batch left undone is forgotten': (process) =>
    withKv(process, {
      batchWrite: async (operations) => {
        await process.kv.batchWrite(operations)
        return { unprocessed: [] }
      },
    }),

  'a commit does not ask for its intent': (process) =>
    withKv(process, {
      transact: async (operations, token) =>
        await process.kv.transact(
          operations.map((operation) =>
            isIntent(operation) ? { ...operation, conditions: [] } : operation,
          ),
          token,
        ),
    }),

  'a guard is removed whatever became of its trial': (process) =>
    withKv(process, {
      transact: async (operations, token) =>
        await process.kv.transact(
          operations.map((operation) =>
            isGuardRemoval(operation) ? { ...operation, conditions: EXISTS } : operation,
          ),
          token,
        ),
    }),
}
