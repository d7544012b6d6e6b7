/** The tiers of `vitest.config.ts`, in the order in which `npm test` runs them. */
export const TIERS = [
  'unit',
  'embedded',
  'simulation',
  'contract',
  'crash',
  'server',
  'conformance',
  'clients',
  'soak',
  'harbor',
  'aws',
] as const
export type Tier = (typeof TIERS)[number]

/** What speaks AWS on this machine. */
export type EndpointName = 'ministack' | 'dynamodb-local' | 'localstack'

/** How a tool comes onto the machine. */
export type Install =
  /** `go install PACKAGE@VERSION` into the cache; the program has the tool's name. */
  | { readonly by: 'go'; readonly package: string }
  /** A package of Debian or Ubuntu with these programs; the distribution chooses the version. */
  | { readonly by: 'apt'; readonly programs: readonly string[] }
  /** Packages of PyPI in an environment of their own. */
  | { readonly by: 'pip'; readonly packages: readonly string[] }
  /** Its own steps, in `endpoints/`. */
  | { readonly by: 'endpoint'; readonly name: EndpointName }

export type Tool = {
  readonly name: string
  readonly version: string
  readonly install: Install
  /** The tiers that cannot run without it; none: the benchmark wants it. */
  readonly tiers: readonly Tier[]
}

const go = (
  name: string,
  version: string,
  path: string,
  tiers: readonly Tier[] = ['clients'],
): Tool => ({
  name,
  version,
  install: { by: 'go', package: path },
  tiers,
})

const apt = (
  name: string,
  programs: readonly string[] = [name],
  tiers: readonly Tier[] = ['clients'],
): Tool => ({ name, version: "the distribution's", install: { by: 'apt', programs }, tiers })

const endpoint = (name: EndpointName, version: string): Tool => ({
  name,
  version,
  install: { by: 'endpoint', name },
  tiers: ['aws'],
})

const pip = (name: string, version: string, packages: readonly string[]): Tool => ({
  name,
  version,
  install: { by: 'pip', packages },
  tiers: ['harbor'],
})

const CONFORMANCE = 'github.com/opencontainers/distribution-spec/conformance'
const DISTRIBUTION = 'github.com/distribution/distribution/v3/cmd/registry'

/** Every program from outside that a test or the benchmark runs. */
export const TOOLS: readonly Tool[] = [
  apt('skopeo', ['skopeo'], ['clients', 'soak']),
  apt('podman'),
  apt('buildah'),
  apt('docker.io', ['dockerd', 'docker']),
  apt('containerd', ['containerd', 'ctr']),
  apt('docker-registry', ['docker-registry'], []),
  apt('wrk', ['wrk'], []),
  apt('hey', ['hey'], []),
  go('conformance', 'v0.0.0-20260831232431-97274622c111', CONFORMANCE, ['conformance']),
  go('crane', 'v0.22.1', 'github.com/google/go-containerregistry/cmd/crane', ['clients', 'soak']),
  go('regctl', 'v0.11.7', 'github.com/regclient/regclient/cmd/regctl', ['clients', 'soak']),
  go('oras', 'v1.3.6', 'oras.land/oras/cmd/oras', ['clients', 'soak']),
  go('helm', 'v3.22.0', 'helm.sh/helm/v3/cmd/helm'),
  go('cosign', 'v3.1.3', 'github.com/sigstore/cosign/v3/cmd/cosign'),
  go('registry', 'v3.1.2', DISTRIBUTION, []),
  pip('harbor-clients', '0.26.2', ['harborapi==0.26.2', 'harbor-api-client==2.12.2']),
  pip('schemathesis', '4.32.5', ['schemathesis==4.32.5']),
  endpoint('ministack', '1.5.33'),
  endpoint('dynamodb-local', '3.3.1'),
  endpoint('localstack', '4.14.0'),
]
