import { holdersOfLink } from '../../gc/holders.ts'
import { isHeld } from '../../guards/collect.ts'
import { isSo } from '../confirm.ts'
import { isAsSeen } from '../../store/checks.ts'
import { numberIn } from '../../store/known.ts'
import { entriesOf, type Check, type CheckContext, type Suspect } from '../suspect.ts'
import { token } from '../tokens.ts'

/**
 * A project's link to a blob is held, or a task says that it is not; a lease that is over has a task that ends it. One that
 * is held may be condemned, by a collector that fell over behind another one: whoever pushes rescues it, and whoever lets
 * go of it has it looked at.
 */
export const checkLinks: Check = (context, entries) => {
  const { before } = context
  const held = new Set(
    entriesOf(entries, 'lease', 'ref').map(({ of }) => token.link(of.digest, of.pid)),
  )
  const links = entriesOf(entries, 'link').filter(
    ({ of }) => !held.has(token.link(of.digest, of.pid)),
  )
  const leases = entriesOf(entries, 'lease').filter(
    ({ item }) => numberIn(item, 'expiresAt') < before,
  )
  return [
    ...links.map((link) => linkUnreviewed(context, link)),
    ...leases.map((lease) => leaseUnreviewed(context, lease)),
  ]
}

type Found<Kind extends 'link' | 'lease'> = ReturnType<typeof entriesOf<Kind>>[number]

const linkUnreviewed = ({ store }: CheckContext, { item, of }: Found<'link'>): Suspect => {
  const { digest, pid } = of
  return {
    finding: { kind: 'linkUnreviewed', blob: digest, pid },
    awaits: [token.link(digest, pid)],
    repair: [{ type: 'LINK_REVIEW', digest, pid }],
    confirm: async () =>
      !(await isHeld(store, holdersOfLink(store, digest, pid))) &&
      (await isSo(store, [isAsSeen(item, 'version')])),
  }
}

const leaseUnreviewed = ({ store }: CheckContext, { item, of }: Found<'lease'>): Suspect => {
  const { digest, pid, rid } = of
  return {
    finding: { kind: 'leaseUnreviewed', blob: digest, pid, rid },
    awaits: [token.link(digest, pid)],
    repair: [{ type: 'LINK_REVIEW', digest, pid, lease: rid }],
    confirm: async () => await isSo(store, [isAsSeen(item, 'expiresAt')]),
  }
}
