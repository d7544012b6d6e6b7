import { createLedger, type Operation } from '../simulation/ledger.ts'

/** What one run of a client saw change around it, in what it read. */
export type Watched = {
  /** Every digest that the tag may have led to meanwhile; `undefined`: to nothing. */
  readonly possible: ReadonlySet<string | undefined>
  /** It led to one digest, and nobody had anything to do with it. */
  readonly isStill: boolean
  /** It was deleted, or may have been, or what it led to was. */
  readonly mayBeGone: boolean
}

type Change = { readonly name: string; readonly value: string | undefined }

const tagName = (repository: string, tag: string): string => `${repository}:${tag}`

/**
 * What clients know of tags from what they were told, while others change the same ones: where each may lead. Of a
 * manifest nothing is known but by its tags, for without one it goes by itself.
 */
export const createTruth = () => {
  const ledger = createLedger()
  /** Everything that was begun, in order. */
  const changes: Change[] = []
  const removals: { readonly at: number; readonly manifest: string }[] = []
  const removing = new Set<{ readonly manifest: string; readonly tags: Operation[] }>()

  const begin = (name: string, value: string | undefined): Operation => {
    changes.push({ name, value })
    return ledger.begin(name, value)
  }

  const onlyOf = (name: string): string | undefined => {
    const [only, ...others] = ledger.possible(name)
    return others.length === 0 ? only : undefined
  }

  const changedSince = (name: string, at: number): readonly (string | undefined)[] =>
    changes
      .slice(at)
      .filter((change) => change.name === name)
      .map(({ value }) => value)

  return {
    /** A tag is about to be made to lead to a digest. */
    point: (repository: string, tag: string, digest: string): Operation => {
      const name = tagName(repository, tag)
      const operation = begin(name, digest)
      for (const each of removing) {
        if (each.manifest === `${repository}@${digest}`) each.tags.push(begin(name, undefined))
      }
      return operation
    },

    untag: (repository: string, tag: string): Operation =>
      begin(tagName(repository, tag), undefined),

    /** A manifest is about to be deleted, with every tag that leads to it. */
    remove: (repository: string, digest: string): Operation => {
      const manifest = `${repository}@${digest}`
      removals.push({ at: changes.length, manifest })
      const names = ledger
        .names()
        .filter((name) => name.startsWith(`${repository}:`))
        .filter((name) => ledger.possible(name).includes(digest))
      // A tag that may lead elsewhere may stay where it is.
      const certain = names.filter((name) => onlyOf(name) === digest)
      const sure = certain.map((name) => begin(name, undefined))
      const tags = names
        .filter((name) => !certain.includes(name))
        .map((name) => begin(name, undefined))
      const entry = { manifest, tags }
      removing.add(entry)
      const over = (): void => {
        for (const operation of tags) operation.abandon()
        removing.delete(entry)
      }
      return {
        acknowledge: () => {
          for (const operation of sure) operation.acknowledge()
          over()
        },
        refuse: () => {
          for (const operation of sure) operation.refuse()
          over()
        },
        abandon: () => {
          for (const operation of sure) operation.abandon()
          over()
        },
      }
    },

    /** The one digest that a tag leads to, when there is no doubt about it. */
    certain: (repository: string, tag: string): string | undefined =>
      onlyOf(tagName(repository, tag)),

    possible: (repository: string, tag: string): readonly (string | undefined)[] =>
      ledger.possible(tagName(repository, tag)),

    /** Begins to watch a tag; what it answers tells what could be seen of it since. */
    watchTag: (repository: string, tag: string): (() => Watched) => {
      const name = tagName(repository, tag)
      const at = changes.length
      const before = ledger.possible(name)
      return () => {
        const since = changedSince(name, at)
        const possible = new Set([...before, ...since])
        const wasRemoved = removals
          .filter((removal) => removal.at >= at)
          .some(({ manifest }) =>
            [...possible].some((digest) => manifest === `${repository}@${digest ?? ''}`),
          )
        return {
          possible,
          isStill: before.length === 1 && since.length === 0 && !possible.has(undefined),
          mayBeGone: possible.has(undefined) || wasRemoved,
        }
      }
    },

    /** Whether anybody ever gave the manifest a tag there, or tried to. */
    wasIn: (repository: string, digest: string): boolean =>
      changes.some(({ name, value }) => value === digest && name.startsWith(`${repository}:`)),

    /** Begins to watch a manifest; answers whether a tag held it all the time. */
    watchManifest: (repository: string, digest: string): (() => boolean) => {
      const at = changes.length
      const holders = ledger
        .names()
        .filter((name) => name.startsWith(`${repository}:`) && onlyOf(name) === digest)
      return () => holders.some((name) => changedSince(name, at).length === 0)
    },

    /** Every tag that was ever spoken of. */
    tags: (): readonly { readonly repository: string; readonly tag: string }[] =>
      ledger.names().map((name) => {
        const colon = name.lastIndexOf(':')
        return { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
      }),
  }
}

export type Truth = ReturnType<typeof createTruth>
