import { S3RequestPresigner, type S3RequestPresignerOptions } from '@aws-sdk/s3-request-presigner'
import type { AwsSettings } from './settings.ts'
import { Sha256 } from './sha256.ts'

/** Who signs: the credentials and the region of a client that is there anyway. */
export type Signer = Pick<S3RequestPresignerOptions, 'credentials'> & {
  readonly region: () => Promise<string>
}

/** What is signed of a request to one object. */
export type ToSign = {
  readonly method: 'GET' | 'PUT'
  readonly query: Readonly<Record<string, string>>
  /** Have to be sent as they are: they are part of the signature, never of the URL. */
  readonly headers: Readonly<Record<string, string>>
  readonly expiresInSeconds: number
}

export type Signing = ReturnType<typeof createSigning>

/** Signs URLs of objects without a request and without the S3 client: this is in the path of every pull. */
export const createSigning = ({ bucket, endpoint }: AwsSettings, signer: Signer) => {
  const presigner = new S3RequestPresigner({ ...signer, sha256: Sha256 })

  const urlOf = async (key: string): Promise<URL> => {
    if (endpoint !== undefined) return new URL(`/${bucket}/${encodeKey(key)}`, endpoint)
    const region = await signer.region()
    const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
    return new URL(`https://${bucket}.s3.${region}.${suffix}/${encodeKey(key)}`)
  }

  return async (
    key: string,
    { method, query, headers, expiresInSeconds }: ToSign,
  ): Promise<string> => {
    const url = await urlOf(key)
    const signed = await presigner.presign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port !== '' && { port: Number(url.port) }),
        path: url.pathname,
        query: { ...query },
        headers: { ...headers },
      },
      // A checksum that is moved into the query is not compared with the bytes by everything that speaks S3.
      { expiresIn: expiresInSeconds, unhoistableHeaders: new Set(Object.keys(headers)) },
    )
    const pairs = Object.entries(signed.query ?? {}).map(
      ([name, value]) => `${encode(name)}=${encode(String(value))}`,
    )
    return `${url.origin}${url.pathname}?${pairs.join('&')}`
  }
}

/** A key as a path, or as the source of a copy. */
export const encodeKey = (key: string): string => key.split('/').map(encode).join('/')

/** RFC 3986: `encodeURIComponent` leaves five reserved characters as they are. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
