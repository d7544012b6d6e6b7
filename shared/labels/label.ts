import * as z from 'zod'
import { DomainError } from '../errors.ts'
import type { AttributeValue, Item, Key } from '../ports.ts'
import { key, type LabelScope, type ProjectId } from '../table.ts'

/** Of the whole registry, or of one project. */
export type LabelHome = { readonly scope: LabelScope; readonly projectNumber: number }

export const SYSTEM_HOME: LabelHome = { scope: 'system', projectNumber: 0 }

export type LabelText = {
  readonly name: string
  readonly description: string
  /** `#rrggbb`, or empty. */
  readonly color: string
}

export type Label = LabelHome &
  LabelText & {
    /** What Harbor's API calls `id`; never used twice. */
    readonly number: number
    /** Epoch milliseconds. */
    readonly createdAt: number
    readonly updatedAt: number
    /** Goes up with every change. */
    readonly version: number
  }

const labelItem = z.object({
  number: z.number(),
  name: z.string(),
  description: z.string(),
  color: z.string(),
  scope: z.string(),
  projectNumber: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.number(),
})

/** A label out of its item or out of an entry of a list: both hold the same. */
export const parseLabel = (item: Item): Label => {
  const { scope, ...rest } = labelItem.parse(item)
  return { ...rest, scope: scope === 'system' ? scope : (scope as ProjectId) }
}

/** What the items of a label say of it. */
export const labelAttributes = (label: Label): Readonly<Record<string, AttributeValue>> => ({
  number: label.number,
  name: label.name,
  description: label.description,
  color: label.color,
  scope: label.scope,
  projectNumber: label.projectNumber,
  createdAt: label.createdAt,
  updatedAt: label.updatedAt,
  version: label.version,
})

/** Where a label is listed, by its name; what is there already has the name. */
export const listedKey = (scope: LabelScope, name: string): Key =>
  key.labelListed(scope, Buffer.from(name).toString('hex'))

const MAX_NAME_CHARACTERS = 128
const MAX_DESCRIPTION_CHARACTERS = 1_024
const COLOR = /^#[0-9A-Fa-f]{6}$/

/**
 * What somebody calls a label.
 * @throws DomainError BAD_REQUEST
 */
export const parseLabelText = ({ name, description, color }: LabelText): LabelText => {
  if (name === '' || name.length > MAX_NAME_CHARACTERS) {
    throw new DomainError(
      'BAD_REQUEST',
      `a label's name has 1 to ${MAX_NAME_CHARACTERS} characters`,
    )
  }
  if (description.length > MAX_DESCRIPTION_CHARACTERS) {
    throw new DomainError(
      'BAD_REQUEST',
      `a label's description has at most ${MAX_DESCRIPTION_CHARACTERS} characters`,
    )
  }
  if (color !== '' && !COLOR.test(color)) {
    throw new DomainError('BAD_REQUEST', "a label's color is written as #rrggbb")
  }
  return { name: name.toWellFormed(), description: description.toWellFormed(), color }
}
