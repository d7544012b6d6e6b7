/**
 * What a client asks of the token service, and what a token says it may: Docker's token scopes,
 * `repository:<name>:<actions>` and `registry:catalog:*`.
 */
import { parseRepositoryName, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/errors.ts'
import type { ProjectPermission } from './permissions.ts'

export const ACTIONS = ['pull', 'push', 'delete'] as const
export type Action = (typeof ACTIONS)[number]

export type RepositoryScope = {
  readonly kind: 'repository'
  readonly name: RepositoryName
  /** In the order of `ACTIONS`, each once. */
  readonly actions: readonly Action[]
}
export type Scope = RepositoryScope | { readonly kind: 'catalog' }

/** What an action on the distribution API is called among the permissions of a project. */
export const PERMISSION_OF: Readonly<Record<Action, ProjectPermission>> = {
  pull: 'repository:pull',
  push: 'repository:push',
  delete: 'artifact:delete',
}

const CATALOG = 'registry:catalog:*'
/** Each takes a look into the store, and a token has to fit into a header. */
const MAX_SCOPES = 32
const SCOPE = /^([a-z]+)(?:\([^)]*\))?:(.+):([^:]*)$/

/**
 * Reads the scopes of a request: several parameters, each with several scopes between blanks. Kinds and actions that
 * nobody here knows are left out, as Docker's specification has it; a repository asked for twice is one scope. Of more
 * than 32 it reads the first and the last 31: some clients only ever add to what they ask for.
 */
export const parseScopes = (parameters: readonly string[]): readonly Scope[] => {
  const wanted = new Map<string, Set<Action>>()
  let isCatalogWanted = false
  const given = parameters.flatMap((parameter) => parameter.split(' '))
  const read =
    given.length <= MAX_SCOPES ? given : [...given.slice(0, 1), ...given.slice(1 - MAX_SCOPES)]
  for (const text of read) {
    if (text === CATALOG) isCatalogWanted = true
    const [, kind, name, actions = ''] = SCOPE.exec(text) ?? []
    if (kind !== 'repository' || name === undefined) continue
    const known = wanted.get(name) ?? new Set<Action>()
    for (const action of actionsOf(actions)) known.add(action)
    wanted.set(name, known)
  }
  const repositories = [...wanted].flatMap(([text, actions]): readonly Scope[] => {
    const name = nameOf(text)
    return name === undefined ? [] : [{ kind: 'repository', name, actions: inOrder(actions) }]
  })
  return isCatalogWanted ? [...repositories, { kind: 'catalog' }] : repositories
}

const actionsOf = (text: string): readonly Action[] =>
  text
    .split(',')
    .flatMap((word) => (word === '*' ? ACTIONS : ACTIONS.filter((one) => one === word)))

const inOrder = (actions: ReadonlySet<Action>): readonly Action[] =>
  ACTIONS.filter((action) => actions.has(action))

/** `undefined` for what is no name: nothing will be granted for it. */
const nameOf = (text: string): RepositoryName | undefined => {
  try {
    return parseRepositoryName(text)
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}

/** A scope as a challenge names it. */
export const scopeText = (scope: Scope): string =>
  scope.kind === 'catalog' ? CATALOG : `repository:${scope.name.given}:${scope.actions.join(',')}`
