import { digestOfHex, type Digest } from '../../oci/digest.ts'

/** The kinds of things that cosign keeps under tags made of a digest. */
export type AccessoryTagKind = 'sig' | 'att' | 'sbom'

export const ACCESSORY_TAG_KINDS = ['sig', 'att', 'sbom'] as const

const TAG = /^sha256-([0-9a-f]{64})\.(sig|att|sbom)$/

/** What a tag of cosign's (`sha256-<hex>.sig`) says: which manifest the tagged one is about, and how. */
export const accessoryTagOf = (
  tag: string,
): { readonly of: Digest; readonly kind: AccessoryTagKind } | undefined => {
  const [, hex, name] = TAG.exec(tag) ?? []
  const kind = ACCESSORY_TAG_KINDS.find((known) => known === name)
  return hex === undefined || kind === undefined
    ? undefined
    : { of: digestOfHex('sha256', hex), kind }
}
