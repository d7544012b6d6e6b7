import type { Workspace } from '../support/workspace.ts'
import type { Image } from './images.ts'

/** One command-line client: what it does to a registry, each a run of its program that throws when that fails. */
export type Client = {
  readonly name: string
  /** Whether it pushes an index out of a layout as it is. */
  readonly takesIndexes: boolean
  readonly prepare: () => Promise<void>
  readonly push: (image: Image, to: string) => Promise<void>
  /** Pulls into a layout that is not there yet. */
  readonly pull: (from: string, directory: string) => Promise<void>
  /** Gives a manifest, named by its digest, a tag in its repository. */
  readonly tag: (repository: string, digest: string, tag: string) => Promise<void>
  /** Between repositories, from a manifest named by its digest. */
  readonly copy: (from: string, to: string) => Promise<void>
  /** Deletes a tag alone; absent: the client can only delete manifests. */
  readonly deleteTag?: (repository: string, tag: string) => Promise<void>
  /** With every tag of it. */
  readonly deleteManifest: (repository: string, digest: string) => Promise<void>
}

type Make = (workspace: Workspace, host: string) => Client

const CHUNK_BYTES = '200000'

const skopeo: Make = ({ run }) => {
  const copy = async (from: string, to: string): Promise<void> => {
    const tls = ['--src-tls-verify=false', '--dest-tls-verify=false']
    const flags = ['--all', '--preserve-digests', ...tls]
    await run('skopeo', '--insecure-policy', 'copy', ...flags, from, to)
  }
  return {
    ...{ name: 'skopeo', takesIndexes: true },
    prepare: async () => {
      await Promise.resolve()
    },
    push: async ({ path }, to) => {
      await copy(`oci:${path}:v1`, `docker://${to}`)
    },
    pull: async (from, directory) => {
      await copy(`docker://${from}`, `oci:${directory}:v1`)
    },
    tag: async (repository, digest, tag) => {
      await copy(`docker://${repository}@${digest}`, `docker://${repository}:${tag}`)
    },
    copy: async (from, to) => {
      await copy(`docker://${from}`, `docker://${to}`)
    },
    deleteManifest: async (repository, digest) => {
      await run('skopeo', 'delete', '--tls-verify=false', `docker://${repository}@${digest}`)
    },
  }
}

const crane: Make = ({ run }) => {
  const remove = async (reference: string): Promise<void> => {
    await run('crane', 'delete', reference)
  }
  return {
    ...{ name: 'crane', takesIndexes: false },
    prepare: async () => {
      await Promise.resolve()
    },
    push: async ({ path }, to) => {
      await run('crane', 'push', path, to)
    },
    pull: async (from, directory) => {
      await run('crane', 'pull', '--format', 'oci', from, directory)
    },
    tag: async (repository, digest, tag) => {
      await run('crane', 'tag', `${repository}@${digest}`, tag)
    },
    copy: async (from, to) => {
      await run('crane', 'copy', from, to)
    },
    deleteTag: async (repository, tag) => {
      await remove(`${repository}:${tag}`)
    },
    deleteManifest: async (repository, digest) => {
      await remove(`${repository}@${digest}`)
    },
  }
}

const oras: Make = ({ run }) => ({
  ...{ name: 'oras', takesIndexes: true },
  prepare: async () => {
    await Promise.resolve()
  },
  push: async ({ path }, to) => {
    const flags = ['--no-tty', '--from-oci-layout', '--to-plain-http']
    await run('oras', 'cp', ...flags, `${path}:v1`, to)
  },
  pull: async (from, directory) => {
    const flags = ['--no-tty', '--from-plain-http', '--to-oci-layout']
    await run('oras', 'cp', ...flags, from, `${directory}:v1`)
  },
  tag: async (repository, digest, tag) => {
    await run('oras', 'tag', '--plain-http', `${repository}@${digest}`, tag)
  },
  copy: async (from, to) => {
    await run('oras', 'cp', '--no-tty', '--from-plain-http', '--to-plain-http', from, to)
  },
  deleteManifest: async (repository, digest) => {
    await run('oras', 'manifest', 'delete', '--force', '--plain-http', `${repository}@${digest}`)
  },
})

/** In chunks wherever a blob is larger than one. */
const regctl: Make = ({ run }, host) => {
  const copy = async (from: string, to: string): Promise<void> => {
    await run('regctl', 'image', 'copy', from, to)
  }
  return {
    ...{ name: 'regctl', takesIndexes: true },
    prepare: async () => {
      const chunks = ['--blob-chunk', CHUNK_BYTES, '--blob-max', CHUNK_BYTES]
      await run('regctl', 'registry', 'set', host, '--tls', 'disabled', '--skip-check', ...chunks)
    },
    push: async ({ path }, to) => {
      await copy(`ocidir://${path}:v1`, to)
    },
    pull: async (from, directory) => {
      await copy(from, `ocidir://${directory}:v1`)
    },
    tag: async (repository, digest, tag) => {
      await copy(`${repository}@${digest}`, `${repository}:${tag}`)
    },
    copy,
    deleteTag: async (repository, tag) => {
      await run('regctl', 'tag', 'delete', `${repository}:${tag}`)
    },
    deleteManifest: async (repository, digest) => {
      await run('regctl', 'manifest', 'delete', `${repository}@${digest}`)
    },
  }
}

/** Each pushes in its own way: in one PATCH, in one PUT, in chunks. */
export const CLIENTS: readonly Make[] = [skopeo, crane, oras, regctl]
