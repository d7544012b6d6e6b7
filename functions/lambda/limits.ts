/** What an HTTP API of API Gateway and AWS Lambda let through, and what clients are told of it. */

const KIB = 1024
const MIB = 1024 * KIB

/** Lambda, quotas: payload of a synchronous call, either way. It is JSON, and holds the body as base64. */
export const MAX_PAYLOAD_BYTES = 6 * MIB

/**
 * Of a payload, for all but the body: API Gateway takes 10,240 bytes of request line and headers, and an event says most
 * of it twice, in JSON.
 */
const ENVELOPE_BYTES = 64 * KIB

/** The largest body, of a request or of an answer, that surely fits into a payload. */
export const MAX_BODY_BYTES = Math.floor((MAX_PAYLOAD_BYTES - ENVELOPE_BYTES) / 4) * 3

/** What clients are asked to cut blobs into: a call is worth making, and fits in any case. */
const MIN_CHUNK_BYTES = 1 * MIB
const MAX_CHUNK_BYTES = 4 * MIB

/** For clients whose blob does not fit, and for whoever reads what they print. */
const hintFor = (relayUrl: string | undefined): string =>
  `this registry takes ${MAX_CHUNK_BYTES / MIB} MiB in one request; push larger layers with \`roadstead push\` or ` +
  '`roadstead proxy`, with a client that sends chunks (regctl)' +
  (relayUrl === undefined ? '' : `, or with any client to ${new URL(relayUrl).host}`)

/** What `Deps` of the distribution API says where it runs on Lambda. */
export const requestLimitFor = (relayUrl: string | undefined) => ({
  minChunkBytes: MIN_CHUNK_BYTES,
  maxChunkBytes: MAX_CHUNK_BYTES,
  hint: hintFor(relayUrl),
})

/** Where there is no relay. */
export const REQUEST_LIMIT = requestLimitFor(undefined)

/**
 * API Gateway renames `WWW-Authenticate` in what a function answers, and no client would ever ask for a token. An
 * integration may be told to set a header from another one: this is the other one.
 */
export const CHALLENGE = 'X-Roadstead-Challenge'
