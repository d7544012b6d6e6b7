/** The tokens of the registry: Docker's JWTs (distribution, "Token Authentication Specification"), signed by ES256. */
import * as z from 'zod'
import { fullName, type ProjectName } from '../oci/name.ts'
import { standing, type Standing } from './standing.ts'
import type { Store } from '../store/store.ts'
import { signToken, verifyToken } from '../auth/jwt.ts'
import type { KeyRing } from '../auth/key-ring.ts'
import type { Scope } from '../auth/scope.ts'
import type { ProjectId } from '../table.ts'
import type { Visitor } from './visitor.ts'

/** What tokens are for: the `service` of challenges, and the audience of tokens. */
export const SERVICE = 'roadstead'
export const TOKEN_SECONDS = 300
/**
 * API Gateway takes 10,240 bytes of request line and headers together; a token of at most 7,200 leaves room for the
 * longest path and the Accept headers of every client. A third more than this goes into it.
 */
const MAX_ACCESS_CHARACTERS = 3_500
const MAX_PROJECTS_CHARACTERS = 1_000
const MAX_CACHED_TOKENS = 10_000
/** A signature is not checked again for so long; then its key may have been deleted. */
const REMEMBER_VERIFIED_MS = 60_000

export type IssuedToken = {
  readonly token: string
  readonly issuedAt: number
  /** What the token says, which may be less than was granted. */
  readonly scopes: readonly Scope[]
}

/** What a token says: who, on what ground, and what they may. */
export type Grant = {
  readonly subject: string
  /** Absent: nobody in particular. */
  readonly standing?: Standing | undefined
  readonly scopes: readonly Scope[]
  /**
   * What the names of projects in it mean: it is good for those and for no other that gets such a name later. A name that
   * means nothing yet is granted to whoever may do this in every project to come.
   */
  readonly projects?: ReadonlyMap<ProjectName, ProjectId | undefined> | undefined
  /** Projects all of whose repositories may be pulled. */
  readonly wholeProjects?: readonly ProjectName[] | undefined
}

/** As a visitor, but nobody has looked yet whether the ground of the token still stands. */
export type Bearer = Omit<Visitor, 'may'> & {
  readonly standing: Standing | undefined
  readonly may: (...asked: Parameters<Visitor['may']>) => boolean
}

export type Tokens = {
  readonly issue: (grant: Grant) => Promise<IssuedToken>
  /** Without any read of the store. `undefined`: not ours, not for us, not any more, or not yet. */
  readonly verify: (token: string) => Promise<Bearer | undefined>
}

const accessEntry = z.object({
  type: z.string(),
  name: z.string(),
  actions: z.array(z.string()),
  project: z.string().optional(),
})
const payload = z.object({
  sub: z.string().default(''),
  exp: z.number(),
  access: z.array(accessEntry).default([]),
  /** Names to ids. */
  projects: z.record(z.string(), z.string()).default({}),
  standing: standing.optional(),
})
type Payload = z.infer<typeof payload>
type AccessEntry = z.infer<typeof accessEntry>

export const createTokens = (store: Store, keys: KeyRing): Tokens => {
  // Checking a signature costs twice what a manifest's read does, and a client sends the same token again and again.
  const verified = new Map<string, { readonly bearer: Bearer; readonly until: number }>()

  return {
    issue: async (grant) => {
      const { standing: ground, subject } = grant
      const accessOf = accessIn(grant)
      const scopes = fittingScopes(grant.scopes, accessOf)
      const projects = fitting(wholeIn(grant), MAX_PROJECTS_CHARACTERS)
      const signed = await signToken(store, keys, {
        audience: SERVICE,
        subject,
        seconds: TOKEN_SECONDS,
        more: {
          access: scopes.map(accessOf),
          ...(projects.length === 0 ? {} : { projects: Object.fromEntries(projects) }),
          ...(ground === undefined ? {} : { standing: ground }),
        },
      })
      return { ...signed, scopes }
    },
    verify: async (token) => {
      const known = verified.get(token)
      if (known !== undefined && known.until > store.clock.now()) return known.bearer
      verified.delete(token)
      // One that another version of this made may say it otherwise; its bearer asks for another.
      const parsed = payload.safeParse(await verifyToken(store, keys, token, SERVICE))
      if (!parsed.success) return undefined
      const said = parsed.data
      const bearer = bearerOf(said)
      if (verified.size >= MAX_CACHED_TOKENS) verified.clear()
      const until = store.clock.now() + REMEMBER_VERIFIED_MS
      verified.set(token, { bearer, until: Math.min(said.exp * 1000, until) })
      return bearer
    },
  }
}

type AccessOf = (scope: Scope) => AccessEntry

const accessIn =
  ({ projects }: Grant): AccessOf =>
  (scope) => {
    if (scope.kind === 'catalog') return { type: 'registry', name: 'catalog', actions: ['*'] }
    const project = projects?.get(scope.name.project)
    const entry = { type: 'repository', name: fullName(scope.name), actions: [...scope.actions] }
    return project === undefined ? entry : { ...entry, project }
  }

const wholeIn = ({
  projects,
  wholeProjects = [],
}: Grant): readonly (readonly [ProjectName, ProjectId])[] =>
  wholeProjects.flatMap((name) => {
    const pid = projects?.get(name)
    return pid === undefined ? [] : [[name, pid] as const]
  })

/**
 * The scopes that fit: the first one, which is what most clients are about, and then from the last backwards, for some
 * only ever add to what they ask for. Who needs one that was left out asks again.
 */
const fittingScopes = (granted: readonly Scope[], accessOf: AccessOf): readonly Scope[] => {
  const byWorth = [...granted.slice(0, 1), ...granted.slice(1).toReversed()]
  const kept = new Set(fitting(byWorth, MAX_ACCESS_CHARACTERS, accessOf))
  return granted.filter((scope) => kept.has(scope))
}

/** As many of a list, from its beginning, as have so many characters in JSON. */
const fitting = <T>(
  list: readonly T[],
  maxCharacters: number,
  shown: (entry: T) => unknown = (entry) => entry,
): readonly T[] => {
  let characters = 0
  const end = list.findIndex((entry) => {
    characters += JSON.stringify(shown(entry)).length + 1
    return characters > maxCharacters
  })
  return end < 0 ? list : list.slice(0, end)
}

const bearerOf = ({ access, projects, standing: ground, sub }: Payload): Bearer => {
  const entries = new Map(
    access.filter(({ type }) => type === 'repository').map((entry) => [entry.name, entry]),
  )
  const whole = new Map(Object.entries(projects))
  return {
    subject: sub,
    identity: undefined,
    standing: ground,
    mayEnter: true,
    // It was made when the token was asked for.
    prepareToPush: () => Promise.resolve(),
    mayListCatalog: access.some(({ type, name }) => type === 'registry' && name === 'catalog'),
    may: (action, name, pid) => {
      const entry = entries.get(fullName(name))
      return entry?.actions.includes(action) === true && isThat(entry.project, pid)
    },
    mayPullAll: ({ project }, pid) => whole.has(project) && isThat(whole.get(project), pid),
  }
}

/** Whether a project is the one that was meant; what is not said, or not known yet, may be any. */
const isThat = (meant: string | undefined, pid: ProjectId | undefined): boolean =>
  meant === undefined || pid === undefined || meant === pid
