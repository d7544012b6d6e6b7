/** What the clients of AWS have in common that answer at once: all but the one of S3. */

/** Where a client finds its service. */
export type Where = {
  /** By default the one of the environment. */
  readonly region?: string | undefined
  /** Of an AWS-compatible service. By default AWS itself. */
  readonly endpoint?: string | undefined
}

const CONNECTION_TIMEOUT_MS = 1_000
const REQUEST_TIMEOUT_MS = 5_000

export const briefly = ({ endpoint, region }: Where) => ({
  requestHandler: {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
  },
  ...(region !== undefined && { region }),
  ...(endpoint !== undefined && { endpoint }),
})

/** Loads with the first use what hardly any request needs, and keeps it; what failed is loaded anew by the next one. */
export const atFirstUse = <Loaded>(load: () => Promise<Loaded>): (() => Promise<Loaded>) => {
  let loaded: Promise<Loaded> | undefined
  return async () =>
    await (loaded ??= load().catch((error: unknown) => {
      loaded = undefined
      throw error
    }))
}
