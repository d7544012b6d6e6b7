import type { Process } from '../../shared/memory/world.ts'
import type { Kv, TransactOperation } from '../../shared/ports.ts'

type Mutate = (process: Process) => Process

const withKv = (process: Process, change: Partial<Kv>): Process => ({
  ...process,
  kv: { ...process.kv, ...change },
})

const isIntent = (operation: TransactOperation): boolean =>
  operation.op === 'delete' && operation.key.sk.startsWith('#INTENT#')

/**
 * Ways to break the protocol, each a rule left out. The simulator is worth something only if it sees every one. One more,
 * the end of a trial that was overtaken, is too rare for stories: `test/unit/trial.test.ts` tells it step by step.
 */
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
        const late = async (): Promise<void> => {
          await process.clock.sleep(400)
          await process.kv.batchWrite(operations)
        }
        // Nobody hears of it when it fails, for nobody waits for it.
        late().catch(() => undefined)
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
}
