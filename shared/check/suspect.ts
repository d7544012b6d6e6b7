import type { Digest } from '../oci/digest.ts'
import type { Item, Objects } from '../ports.ts'
import type { Store } from '../store/store.ts'
import type { ObjectId, ProjectId, RepositoryId } from '../table.ts'
import type { Parsed } from '../table-parse.ts'
import type { Task } from '../tasks/tasks.ts'
import type { Finding } from './finding.ts'

/** What checks work with. They only read. */
export type CheckContext = {
  readonly store: Store
  readonly objects: Objects
  /** Of what says when it was written to, only what was before this is looked at; epoch milliseconds. */
  readonly before: number
  /** `undefined`: the repository has no name any more. */
  readonly projectOf: (rid: RepositoryId) => Promise<ProjectId | undefined>
  /** How many blobs are read through, one in so many, and how many bytes are left for that; none if absent. */
  readonly sample?: { readonly oneIn: number; bytesLeft: number }
  /** Whether manifests of the project may refer to what is not there. */
  readonly allowsSparse: (pid: ProjectId) => Promise<boolean>
}

/** An item of a page of the table, and what it is. */
export type Entry = { readonly item: Item; readonly of: Parsed }

/** Something that does not look right, after what is perhaps an old or half a look. */
export type Suspect = {
  readonly finding: Finding
  /** What tasks are about that see to it anyway, as `tokensOf` names it. */
  readonly awaits: readonly string[]
  /** Whether it is so; asked when no such task was found. */
  readonly confirm: () => Promise<boolean>
  /** What mends it. */
  readonly repair: readonly Task[]
  /** Of what may be found in the trash: then this is it. */
  readonly fromTrash?: FromTrash
}

export type FromTrash = {
  readonly blob: Digest
  readonly found: (oid: ObjectId) => Pick<Suspect, 'finding' | 'repair'>
}

/** Looks at the items of one page, and tells what does not look right. */
export type Check = (
  context: CheckContext,
  entries: readonly Entry[],
) => Promise<readonly Suspect[]> | readonly Suspect[]

/** The entries of one kind. */
export const entriesOf = <Kind extends Parsed['kind']>(
  entries: readonly Entry[],
  ...kinds: readonly Kind[]
): readonly { readonly item: Item; readonly of: Extract<Parsed, { readonly kind: Kind }> }[] =>
  entries.flatMap(({ item, of }) => (isKind(of, kinds) ? [{ item, of }] : []))

const isKind = <Kind extends Parsed['kind']>(
  of: Parsed,
  kinds: readonly Kind[],
): of is Extract<Parsed, { readonly kind: Kind }> => kinds.some((kind): boolean => kind === of.kind)
