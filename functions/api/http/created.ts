import type { ApiContext } from '../factory.ts'
import { isTrue, NAME_IN_LOCATION } from './names.ts'

export type Created = {
  /** Only of what Harbor does not know may it be a text. */
  readonly id: number | string
  /** Without it the location always ends in the id. */
  readonly name?: string | undefined
  /** Where things like it are found; the path of the request, if absent. */
  readonly under?: string | undefined
}

/** Where something new is: a relative path that ends in its number, or in its name where the client wants that. */
export const locationOf = (c: ApiContext, { id, name, under }: Created): string => {
  const wantsName = name !== undefined && isTrue(c.req.header(NAME_IN_LOCATION))
  const base = (under ?? new URL(c.req.url).pathname).replace(/\/$/, '')
  return `${base}/${wantsName ? encodeURIComponent(name) : String(id)}`
}

/** 201 with `Location` and no body; for one with a body, set `Location` by `locationOf` and answer by `c.json`. */
export const created = (c: ApiContext, what: Created) =>
  c.body(null, 201, { Location: locationOf(c, what) })

/** The `responses` of a route that answers by `created`. */
export const createdResponse = {
  201: { description: 'Created; Location says where' },
} as const
