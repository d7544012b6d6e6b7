import type { ProjectFacts } from '../../shared/auth/access.ts'
import type { Principal } from '../../shared/auth/principal.ts'
import type { LogIn } from '../../shared/identity/log-in.ts'
import type { Project } from '../../shared/projects/project.ts'
import type { RegistryContext } from '../../shared/registry/context.ts'
import type { Store } from '../../shared/store/store.ts'
import type { JobName } from '../../shared/table.ts'

/** A project that a path names, with what decides about the caller in it. */
export type ResolvedProject = { readonly facts: ProjectFacts; readonly project: Project }

/** What a request shows of its sender. */
export type Sender = {
  readonly headers: Headers
  readonly method: string
  /** Of the other end of the connection; empty when unknown. */
  readonly address: string
}

/** What administrators decide and `/systeminfo` tells. */
export type SystemSettings = {
  readonly projectCreation: 'everyone' | 'adminonly'
  readonly hasSelfRegistration: boolean
  readonly isReadOnly: boolean
  readonly hasNotifications: boolean
  readonly bannerMessage?: string | undefined
}

export type Volume = { readonly totalBytes: number; readonly freeBytes: number }

/** What the management API is made of; composed where the distribution API is. */
export type ApiDeps = {
  readonly store: Store
  /** The same one that the distribution API works with, so that both believe the same of names. */
  readonly registry: RegistryContext
  /** `undefined`: credentials were given, and they are wrong. */
  readonly authenticate: (sender: Sender) => Promise<Principal | undefined>
  /** By which browsers open sessions; absent: they cannot. */
  readonly logIn?: LogIn | undefined
  /** `undefined`: there is no such project. `isName`: a number, too, is to be read as a name. */
  readonly resolveProject: (
    principal: Principal,
    nameOrId: string,
    isName: boolean,
  ) => Promise<ResolvedProject | undefined>
  /** Told of every error that is not the client's, once, with its cause. */
  readonly reportError: (error: unknown, requestId: string) => void
  readonly info: {
    readonly version: string
    /** By which clients reach the registry; without it, the URL that they came by. */
    readonly externalUrl?: string | undefined
    readonly storage: 'filesystem' | 's3'
  }
  /** Absent: those of the store. */
  readonly settings?: (() => Promise<SystemSettings>) | undefined
  /** The disks that everything is kept on; absent where storage has no end. */
  readonly volumes?: (() => Promise<readonly Volume[]>) | undefined
  /** Tells whoever runs jobs that a run waits, and never fails: they find it by themselves, only later. */
  readonly jobWaits?: ((job: JobName) => Promise<void>) | undefined
  /** Further components of `/health` by name; a probe that throws means unhealthy. */
  readonly probes?: Readonly<Record<string, () => Promise<unknown>>> | undefined
}

/** As handlers have it: with settings in any case. */
export type ProvidedDeps = Omit<ApiDeps, 'settings'> & {
  readonly settings: () => Promise<SystemSettings>
}
