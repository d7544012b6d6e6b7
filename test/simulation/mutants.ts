import { nameOf } from '../../shared/store/batch.ts'
import type { Process } from '../../shared/memory/world.ts'
import type { BatchOperation, Item, Kv, TransactOperation, UpdateItem } from '../../shared/ports.ts'
import { DELETING } from '../../shared/registry/doom.ts'
import { GUARD, prefix } from '../../shared/table.ts'
import type { Telling } from './story.ts'

/** A rule left out, by ports that do not do quite what they are asked to, and the stories in which it is missed. */
export type Mutant = {
  readonly mutate: (process: Process) => Process
  readonly telling?: Partial<Telling>
}

const WORKERS = { workers: 4, collectors: 0, isSettled: true } as const
const TRASH = { ...WORKERS, undeletesMuch: true } as const
const INDEXES = { ...WORKERS, indexesMuch: true } as const
const EAGER_TRASH = { undeletesMuch: true } as const
const UNTAGGED = { deletesUntagged: true } as const
/** For what takes many who collect. */
const CROWDED = { collectors: 8 } as const

const withKv = (process: Process, change: Partial<Kv>): Process => ({
  ...process,
  kv: { ...process.kv, ...change },
})

const withTransactions =
  (change: (operations: readonly TransactOperation[]) => readonly TransactOperation[]) =>
  (process: Process): Process =>
    withKv(process, {
      transact: async (operations, token) => await process.kv.transact(change(operations), token),
    })

const eachOperation = (change: (operation: TransactOperation) => TransactOperation) =>
  withTransactions((operations) => operations.map(change))

const keyOf = (operation: TransactOperation | BatchOperation) =>
  operation.op === 'put' ? operation.item : operation.key

const isIntent = (operation: TransactOperation): boolean =>
  operation.op === 'delete' && operation.key.sk.startsWith('#INTENT#')
const isTask = (operation: TransactOperation | BatchOperation): boolean =>
  keyOf(operation).pk.startsWith('TASK#')
const isPutOf = (operation: TransactOperation | BatchOperation, sk: RegExp): boolean =>
  operation.op === 'put' && sk.test(operation.item.sk)
const isCheckOf = (operation: TransactOperation, sk: RegExp): boolean =>
  operation.op === 'check' && sk.test(operation.key.sk)

const LEASE = /#LEASE$/
const LINK = /^PROJECT#[^#]+#$/
const HELD_BY_TAG = /^HELD#TAG#/
const LATE_MS = 400
const DUE_DIGITS = 13

/** Does it when nobody waits for it any more; nobody hears of it when it fails. */
const later = (process: Process, what: () => Promise<unknown>): void => {
  const wait = async (): Promise<void> => {
    await process.clock.sleep(LATE_MS)
    await what()
  }
  wait().catch(() => undefined)
}

/** Batches whose writes of one kind are answered before they are made. */
const withLate = (isLate: (operation: BatchOperation) => boolean) => (process: Process) =>
  withKv(process, {
    batchWrite: async (operations) => {
      const late = operations.filter(isLate)
      if (late.length > 0) later(process, async () => await process.kv.batchWrite(late))
      const rest = operations.filter((operation) => !isLate(operation))
      return rest.length === 0 ? { unprocessed: [] } : await process.kv.batchWrite(rest)
    },
  })

/** Whoever reads several guards is told that the condemned ones of a kind are alive. */
const believed = (isBelieved: (item: Item) => boolean) => (process: Process) =>
  withKv(process, {
    batchGet: async (keys, read) => {
      const { items, unprocessed } = await process.kv.batchGet(keys, read)
      const told = items.map((item) =>
        isBelieved(item) && item['state'] === 'CONDEMNED' ? { ...item, state: 'LIVE' } : item,
      )
      return { items: told, unprocessed }
    },
  })

const isRevival = (operation: TransactOperation): boolean =>
  operation.op === 'update' && operation.set?.['state'] === 'LIVE'

/** A guard made LIVE, and the review of it that comes with that. */
const isRescue = ([guard, review, ...others]: readonly TransactOperation[]): boolean =>
  others.length === 0 &&
  guard !== undefined &&
  isRevival(guard) &&
  review !== undefined &&
  isTask(review)

const isCondemning = (operation: TransactOperation): boolean =>
  operation.op === 'update' && operation.set?.['state'] === 'CONDEMNED'

/** A condemnation is answered at once, and becomes visible when the guard is about to be removed. */
const condemnedLate = (process: Process): Process => {
  const underWay = new Map<string, () => Promise<unknown>>()
  return withKv(process, {
    write: async (operation) => {
      if (!isCondemning(operation)) return await process.kv.write(operation)
      underWay.set(nameOf(keyOf(operation)), async () => await process.kv.write(operation))
      return 'done'
    },
    transact: async (operations, token) => {
      const [first] = operations
      if (first?.op === 'delete') await underWay.get(nameOf(first.key))?.()
      return await process.kv.transact(operations, token)
    },
  })
}

const holdersFirst = (process: Process): Process => {
  const seen = new Map<string, readonly Item[]>()
  return withKv(process, {
    write: async (operation) => {
      if (!isCondemning(operation)) return await process.kv.write(operation)
      const { pk } = keyOf(operation)
      seen.set(pk, (await process.kv.query({ pk, read: 'strong' })).items)
      return await process.kv.write(operation)
    },
    query: async (query) => {
      const items = seen.get(query.pk)
      seen.delete(query.pk)
      if (items === undefined || query.sk === undefined || !('prefix' in query.sk)) {
        return await process.kv.query(query)
      }
      const { prefix } = query.sk
      return { items: items.filter(({ sk }) => sk.startsWith(prefix)) }
    },
  })
}

const leaseWithTheBlob = (process: Process): Process => {
  const leases = new Map<string, readonly TransactOperation[]>()
  return withKv(process, {
    transact: async (operations, token) => {
      const [first] = operations
      const isLease = first !== undefined && isPutOf(first, LEASE) && operations.length === 2
      if (isLease) {
        leases.set(nameOf(keyOf(first)), operations)
        return { done: true }
      }
      const changed = operations.map((operation) =>
        isCheckOf(operation, LEASE)
          ? (leases.get(nameOf(keyOf(operation))) ?? [operation])
          : [operation],
      )
      return await process.kv.transact(changed.flat(), token)
    },
  })
}

const holdWithTheCommit = (process: Process): Process => {
  const holds = new Map<string, TransactOperation>()
  return withKv(process, {
    batchWrite: async (operations) => {
      for (const operation of operations) {
        if (isPutOf(operation, HELD_BY_TAG)) holds.set(keyOf(operation).pk, operation)
      }
      const rest = operations.filter((operation) => !isPutOf(operation, HELD_BY_TAG))
      return rest.length === 0 ? { unprocessed: [] } : await process.kv.batchWrite(rest)
    },
    transact: async (operations, token) => {
      const intent = operations.find(isIntent)
      const isCommit = operations.some(
        (operation) => operation.op === 'put' && operation.item.sk === GUARD,
      )
      const hold = intent && isCommit ? holds.get(keyOf(intent).pk) : undefined
      return await process.kv.transact(
        hold === undefined ? operations : [...operations, hold],
        token,
      )
    },
  })
}

/** What was there when it was looked at is there still, when tags have been pointed at it. */
const unconfirmed = (process: Process): Process => {
  const seen = new Map<string, Item>()
  const trusted = new Set<string>()
  return withKv(process, {
    batchGet: async (keys, read) => {
      const [only] = keys
      const item = only && seen.get(nameOf(only))
      if (only && item && keys.length === 1 && trusted.delete(nameOf(only))) {
        return { items: [{ ...item, state: 'LIVE' }], unprocessed: [] }
      }
      const found = await process.kv.batchGet(keys, read)
      for (const each of found.items) if (each.sk === GUARD) seen.set(nameOf(each), each)
      return found
    },
    transact: async (operations, token) => {
      const outcome = await process.kv.transact(operations, token)
      const [guard] = operations
      const isRetag =
        guard !== undefined &&
        keyOf(guard).pk.startsWith('MANIFEST#') &&
        (guard.op === 'check' || guard.op === 'update') &&
        operations.some((operation) => isPutOf(operation, /^TAG#/))
      if (outcome.done && isRetag) trusted.add(nameOf(keyOf(guard)))
      return outcome
    },
  })
}

/** As if a key were made of the digest, and so used again for the same bytes. */
const keysOfContent = (process: Process): Process => ({
  ...process,
  objects: {
    ...process.objects,
    deleteMany: async (keys) => {
      const { objects } = process
      const bytesOf = async (key: string): Promise<string | undefined> => {
        const object = await objects.get(key)
        return object && Buffer.concat(await Array.fromAsync(object.body)).toString('hex')
      }
      const gone = new Set(await Promise.all(keys.map(bytesOf)))
      gone.delete(undefined)
      const all = gone.size === 0 ? [] : (await objects.list('object/')).keys
      const contents = await Promise.all(all.map(bytesOf))
      const same = all.filter((_, index) => gone.has(contents[index]))
      return await objects.deleteMany([...new Set([...keys, ...same])])
    },
  },
})

const leasesForEver = (process: Process): Process =>
  withKv(process, {
    batchGet: async (keys, read) => {
      const { items, unprocessed } = await process.kv.batchGet(keys, read)
      // As who asks for a blob that is to be pushed reads: the blob, its link and a lease.
      const isHead = keys.length === 3 && keys.every(({ pk }) => pk.startsWith('BLOB#'))
      const told = items.map((item) =>
        isHead && LEASE.test(item.sk) ? { ...item, expiresAt: Number.MAX_SAFE_INTEGER } : item,
      )
      return { items: told, unprocessed }
    },
  })

const taskFirst = (process: Process): Process =>
  withKv(process, {
    transact: async (operations, token) => {
      const own = operations.filter((operation) => operation.op === 'delete' && isTask(operation))
      const rest = operations.filter((operation) => !own.includes(operation))
      if (own.length === 0 || rest.length === 0) return await process.kv.transact(operations, token)
      await process.kv.transact(own, `${token}/own`)
      await process.clock.sleep(LATE_MS)
      return await process.kv.transact(rest, token)
    },
  })

const noPullGrace = (process: Process): Process =>
  withKv(process, {
    batchWrite: async (operations) =>
      await process.kv.batchWrite(
        operations.map((operation) => {
          if (operation.op !== 'put' || operation.item['type'] !== 'BLOB_DELETE') return operation
          const { item } = operation
          const dueAt = process.clock.now()
          const sk = `${String(dueAt).padStart(DUE_DIGITS, '0')}${item.sk.slice(DUE_DIGITS)}`
          return { op: 'put', item: { ...item, sk, dueAt } }
        }),
      ),
  })

const workedOffOnce = (type: string) => (process: Process) => {
  const isAgain = (operation: TransactOperation | BatchOperation): boolean =>
    operation.op === 'put' && operation.item['type'] === type && operation.item['isSecond'] === true
  return withKv(process, {
    batchWrite: async (operations) => {
      const others = operations.filter((operation) => !isAgain(operation))
      return others.length === 0 ? { unprocessed: [] } : await process.kv.batchWrite(others)
    },
  })
}

const isOfObject = (operation: TransactOperation): operation is UpdateItem =>
  operation.op === 'update' && operation.key.pk.startsWith('OBJECT#')

/** Whoever brings an object back does not ask whether somebody has begun to delete it. */
const blindToDeletion = (process: Process): Process => {
  const blind = eachOperation((operation) =>
    isOfObject(operation)
      ? {
          ...operation,
          conditions: operation.conditions?.filter(({ kind }) => kind !== 'attributeAbsent') ?? [],
        }
      : operation,
  )(process)
  return withKv(blind, {
    get: async (key, read) => {
      const item = await blind.kv.get(key, read)
      return item?.[DELETING] === undefined ? item : { ...item, [DELETING]: false }
    },
  })
}

const isMove = (operation: TransactOperation): boolean =>
  operation.op === 'update' && operation.set?.['listedAs'] !== undefined
const isListingReview = (operation: TransactOperation): boolean =>
  operation.op === 'put' && operation.item['type'] === 'LISTING_REVIEW'

/** Transactions in which there is such an operation bring no look at how things are listed. */
const withoutListingReview = (isOf: (operation: TransactOperation) => boolean) =>
  withTransactions((operations) =>
    operations.some(isOf)
      ? operations.filter((operation) => !isListingReview(operation))
      : operations,
  )

/** Whoever works off a review of a manifest takes for granted that it is listed where it belongs. */
const reviewsWithoutLists = (process: Process): Process => {
  const reviewed = new Set<string>()
  return withKv(process, {
    query: async (query) => {
      const { pk, sk } = query
      if (sk !== undefined && 'prefix' in sk && reviewed.has(pk) && query.limit === 1) {
        const listedAs = (await process.kv.get({ pk, sk: GUARD }, 'strong'))?.['listedAs']
        const isSeen = sk.prefix === prefix.holdingIndexes && listedAs === 'part'
        return { items: isSeen ? [{ pk, sk: sk.prefix }] : [] }
      }
      const found = await process.kv.query(query)
      for (const { digest, rid, type } of pk.startsWith('TASK#') ? found.items : []) {
        const guard = `MANIFEST#${String(rid)}#${String(digest)}`
        if (type === 'MANIFEST_REVIEW') reviewed.add(guard)
        if (type === 'LISTING_REVIEW') reviewed.delete(guard)
      }
      return found
    },
  })
}

const withoutAttribute = (operation: TransactOperation, name: string): TransactOperation => {
  if (operation.op === 'put') {
    const { [name]: _gone, ...item } = operation.item
    return { ...operation, item: { ...item, pk: operation.item.pk, sk: operation.item.sk } }
  }
  if (operation.op !== 'update') return operation
  const { [name]: _gone, ...set } = operation.set ?? {}
  return { ...operation, set }
}

/**
 * Ways to break the protocol, each a rule left out. The simulator is worth something only if it sees every one. These
 * rules are not here:
 *
 * - the version in the end of a trial: that a trial is overtaken twice, by a rescue and by another trial that is under way
 *   at that very moment, is too rare for stories; `test/unit/trial.test.ts` tells it step by step. In all other
 *   compare-and-sets it decides nothing: LIVE is safe whenever it comes, and who condemns looks for holders afterwards.
 * - that a guard is read again before holders are looked for: no transaction condemns a guard and writes a task at once,
 *   so whoever sees the task of a deletion sees a condemnation that was acknowledged before. What is left of the rule is
 *   that the condemnation was acknowledged: `a guard is taken for condemned before it is`.
 * - that only the latest review releases a guard, and that a rescue has it reviewed later: either takes three processes
 *   that meet in one order, and leaves no more than a blob that is never collected; one story in hundreds. They are told
 *   step by step in `test/unit/trial.test.ts`, too.
 * - that blobs are verified, and not only links: a collector would have to stand still between its look and its end for a
 *   whole push, and no other one may see the guard meanwhile; `test/unit/verify-both.test.ts` tells it.
 * - that an object which was doomed again does not go with the first task: one story in a hundred, which
 *   `test/simulation/trash-races.test.ts` tells step by step.
 * - that a tag asks in which list its manifest is, that who removes a manifest does, and that a move brings a later look:
 *   in each somebody stands still between a look and a transaction while a whole push, and all that follows from it, is
 *   done; not one story in hundreds. `test/unit/relist.test.ts` tells them step by step.
 * - that an object is deleted only when its record says DOOM: no task of its deletion is written before. What an audit
 *   brings back, after damage, `test/unit/doom.test.ts` and `test/unit/check` tell in both orders.
 */
export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'guards are read eventually': {
    mutate: (process) =>
      withKv(process, {
        get: async (key) => await process.kv.get(key, 'eventual'),
        batchGet: async (keys) => await process.kv.batchGet(keys, 'eventual'),
      }),
  },
  'holders are queried eventually': {
    mutate: (process) =>
      withKv(process, {
        query: async (query) => await process.kv.query({ ...query, read: 'eventual' }),
      }),
  },
  'a condemned guard is not rescued': {
    mutate: (process) =>
      withKv(process, {
        transact: async (operations, token) =>
          isRescue(operations) ? { done: true } : await process.kv.transact(operations, token),
        write: async (operation) =>
          isRevival(operation) ? 'done' : await process.kv.write(operation),
      }),
  },
  'holds are verified before they are acknowledged': { mutate: withLate(() => true) },
  'what a batch left undone is forgotten': {
    mutate: (process) =>
      withKv(process, {
        batchWrite: async (operations) => {
          await process.kv.batchWrite(operations)
          return { unprocessed: [] }
        },
      }),
  },
  'what a batch did not look at is taken for absent': {
    mutate: (process) =>
      withKv(process, {
        batchGet: async (keys, read) => ({
          items: (await process.kv.batchGet(keys, read)).items,
          unprocessed: [],
        }),
      }),
  },
  'a commit does not ask for its intent': {
    mutate: eachOperation((operation) =>
      isIntent(operation) ? { ...operation, conditions: [] } : operation,
    ),
  },
  'holders are looked for before the guard is condemned': { mutate: holdersFirst },
  'a guard is taken for condemned before it is': { mutate: condemnedLate, telling: CROWDED },
  'only blobs are verified, not links': {
    mutate: believed(({ sk }) => LINK.test(sk)),
    telling: CROWDED,
  },
  'the key of an object is used again for the same bytes': { mutate: keysOfContent },
  'a lease comes with its blob and not before': { mutate: leaseWithTheBlob },
  'a tag takes hold with the commit and not before': {
    mutate: holdWithTheCommit,
    telling: UNTAGGED,
  },
  'a retag is not confirmed': { mutate: unconfirmed, telling: UNTAGGED },
  'a task is gone before its successor is there': { mutate: taskFirst, telling: WORKERS },
  'a task is gone while its successors are on their way': {
    mutate: withLate((operation) => operation.op === 'put' && isTask(operation)),
    telling: WORKERS,
  },
  'a tombstone is worked off once': { mutate: workedOffOnce('TOMBSTONE'), telling: WORKERS },
  'a lease that ends soon is not renewed for a HEAD': { mutate: leasesForEver, telling: WORKERS },
  'a blob is deleted while somebody may pull it': {
    mutate: noPullGrace,
    telling: { ...WORKERS, pullsMuch: true },
  },
  'an object is brought back though its deletion has begun': {
    mutate: blindToDeletion,
    telling: EAGER_TRASH,
  },
  'an object is deleted before the way back is shut': {
    mutate: (process) =>
      withKv(process, {
        write: async (operation) =>
          operation.op === 'update' && operation.set?.[DELETING] === true
            ? 'done'
            : await process.kv.write(operation),
      }),
    telling: EAGER_TRASH,
  },
  'the bytes of a deleted manifest are not kept': {
    mutate: eachOperation((operation) =>
      operation.op === 'put' && operation.item['type'] === 'TOMBSTONE'
        ? withoutAttribute(operation, 'until')
        : operation,
    ),
    telling: TRASH,
  },
  'whoever moves an entry to another list does not ask where it is': {
    mutate: eachOperation((operation) =>
      isMove(operation) ? { ...operation, conditions: [] } : operation,
    ),
    telling: INDEXES,
  },
  'a tag of a part leaves no look at how that is listed': {
    mutate: withoutListingReview((operation) => isPutOf(operation, /^TAG#/)),
    telling: INDEXES,
  },
  'an index leaves no look at how its parts are listed': {
    mutate: withoutListingReview(isIntent),
    telling: INDEXES,
  },
  'a review of a manifest does not look how it is listed': {
    mutate: reviewsWithoutLists,
    telling: INDEXES,
  },
}
