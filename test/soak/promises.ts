/** How long the collector leaves anything alone here: short, so that it is never far behind the clients. */
export const GRACE_MS = 5_000
/** A blob that was there when a client asked for it stays at least so long, unless a manifest holds it by then. */
const LEASE_LEFT_MS = GRACE_MS / 2

/** What a run of a client was about, when it failed. */
export type Failed = {
  readonly kind: 'push' | 'pull' | 'tag' | 'copy' | 'delete tag' | 'delete manifest'
  readonly said: string
  readonly elapsedMs: number
  /** It pushed what was never there before. */
  readonly isNew?: boolean
  /** A tag held what it read, or was about to delete, from its beginning to its end. */
  readonly isHeld?: boolean
  /** What it read was deleted at that time, or may have been. */
  readonly mayBeGone?: boolean
}

type Promised = {
  readonly reason: string
  readonly isMeant: (failed: Failed) => boolean
  readonly said: RegExp
}

const BLOB_GONE =
  /BLOB_UNKNOWN|blob unknown|BLOB_UPLOAD_UNKNOWN|upload unknown|manifest or blob unknown/i
const GONE = /_UNKNOWN|unknown to registry|name unknown|not found|may not exist|404/i

const writes = ({ kind }: Failed): boolean => kind === 'push' || kind === 'copy' || kind === 'tag'

/**
 * What a client may be told although nothing is wrong. Whoever is told so begins anew; anything else that a client says
 * is a failure of the registry.
 */
export const PROMISED: readonly Promised[] = [
  {
    reason: 'a push that takes longer than the grace has lost what it brought or found at first',
    isMeant: (failed) => writes(failed) && failed.elapsedMs >= LEASE_LEFT_MS,
    said: BLOB_GONE,
  },
  {
    // Clients that see the manifest leave out its blobs, and it may go before they give it a tag.
    reason: 'a push of what was there, and no tag held, met the collector',
    isMeant: (failed) => failed.kind === 'push' && failed.isNew === false && failed.isHeld !== true,
    said: BLOB_GONE,
  },
  {
    reason: 'what is copied or tagged had no tag, or lost it at that time: it may go',
    isMeant: (failed) => (failed.kind === 'copy' || failed.kind === 'tag') && !failed.isHeld,
    said: GONE,
  },
  {
    reason: 'what is pulled was deleted at that time',
    isMeant: (failed) => failed.kind === 'pull' && failed.mayBeGone === true,
    said: GONE,
  },
  {
    reason: 'the tag moved, and the pull of what it led to took longer than the grace',
    isMeant: (failed) =>
      failed.kind === 'pull' && failed.isHeld === false && failed.elapsedMs >= GRACE_MS,
    said: GONE,
  },
  {
    reason: 'what is deleted may be gone already',
    isMeant: (failed) => failed.kind.startsWith('delete') && failed.isHeld !== true,
    said: GONE,
  },
]

/** Why a client may have been told this; undefined: it may not. */
export const promiseOf = (failed: Failed): string | undefined =>
  PROMISED.find(({ isMeant, said }) => isMeant(failed) && said.test(failed.said))?.reason
