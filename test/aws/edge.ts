/** A distribution of CloudFront as its developer guide describes it, for no emulator has one that looks at signatures. */
import { createVerify, generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen, refuse, type Gateway } from '../../infra/local/limits.ts'
import type { Objects } from '../../shared/ports.ts'

/** What of a query is for CloudFront alone. */
const OWN = ['Expires', 'Signature', 'Key-Pair-Id', 'Hash-Algorithm'] as const
const KEY_ID = 'K2JCJMDEHXQW5F'
const SECOND_MS = 1_000
const SOON = { expiresInSeconds: 60 }

export type Edge = Gateway & {
  readonly keyId: string
  readonly privateKey: string
}

/**
 * Starts a distribution before a bucket; who comes without a signature that fits is refused. It has access to the bucket of
 * its own, as origin access control gives it, and hands on what decides the answer.
 */
export const startEdge = async (bucket: Pick<Objects, 'signedRead'>): Promise<Edge> => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const gateway = await listen((url) => (incoming, outgoing) => {
    serve(new URL(incoming.url ?? '/', url), incoming, outgoing).catch(() => outgoing.destroy())
  })
  const serve = async (url: URL, incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = '' } = incoming
    if (method !== 'GET' && method !== 'HEAD') {
      refuse(outgoing, 403, 'This distribution is not configured to allow the HTTP request method')
      return
    }
    if (!isSigned(url, publicKey)) {
      refuse(outgoing, 403, 'Access Denied')
      return
    }
    const { range } = incoming.headers
    const contentType = url.searchParams.get('response-content-type') ?? ''
    const signed = await bucket.signedRead(url.pathname.slice(1), { ...SOON, contentType })
    const answer = await fetch(signed ?? '', {
      method,
      headers: range === undefined ? {} : { range },
    })
    const passed = ['content-type', 'content-range', 'accept-ranges'].flatMap((name) => {
      const value = answer.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    outgoing.writeHead(answer.status, Object.fromEntries(passed))
    outgoing.end(Buffer.from(await answer.arrayBuffer()))
  }
  return { ...gateway, keyId: KEY_ID, privateKey }
}

const withoutOwn = (signed: URL): URL => {
  const url = new URL(signed)
  for (const name of OWN) url.searchParams.delete(name)
  return url
}

/** "Use a canned policy": of the URL without what is CloudFront's own, and of when it expires, without white space. */
const isSigned = (url: URL, publicKey: string): boolean => {
  const [expires, signature, keyId, algorithm] = OWN.map((name) => url.searchParams.get(name) ?? '')
  if (keyId !== KEY_ID || algorithm !== 'SHA256' || !/^\d+$/.test(expires ?? '')) return false
  if (Number(expires) * SECOND_MS < Date.now()) return false
  const policy = `{"Statement":[{"Resource":"${withoutOwn(url).href}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires ?? ''}}}}]}`
  const standing: Readonly<Record<string, string>> = { '-': '+', _: '=', '~': '/' }
  const base64 = (signature ?? '').replaceAll(/[-_~]/g, (found) => standing[found] ?? found)
  return createVerify('RSA-SHA256').update(policy).verify(publicKey, base64, 'base64')
}
