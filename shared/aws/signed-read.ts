import { S3RequestPresigner, type S3RequestPresignerOptions } from '@aws-sdk/s3-request-presigner'
import type { SignedReadOptions } from '../ports.ts'
import { Sha256 } from './sha256.ts'
import type { AwsSettings } from './settings.ts'

/** Who signs: the credentials and the region of a client that is there anyway. */
export type Signer = Pick<S3RequestPresignerOptions, 'credentials'> & {
  readonly region: () => Promise<string>
}

/** Signs URLs of objects without a request and without the S3 client: this is in the path of every pull. */
export const createSignedReads = ({ bucket, endpoint }: AwsSettings, signer: Signer) => {
  const presigner = new S3RequestPresigner({ ...signer, sha256: Sha256 })

  const urlOf = async (key: string): Promise<URL> => {
    if (endpoint !== undefined) return new URL(`/${bucket}/${encodeKey(key)}`, endpoint)
    const region = await signer.region()
    const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
    return new URL(`https://${bucket}.s3.${region}.${suffix}/${encodeKey(key)}`)
  }

  return async (key: string, options: SignedReadOptions): Promise<string> => {
    const url = await urlOf(key)
    const signed = await presigner.presign(
      {
        method: 'GET',
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port !== '' && { port: Number(url.port) }),
        path: url.pathname,
        query: { 'response-content-type': options.contentType },
        headers: {},
      },
      { expiresIn: options.expiresInSeconds },
    )
    const query = Object.entries(signed.query ?? {}).map(
      ([name, value]) => `${encode(name)}=${encode(String(value))}`,
    )
    return `${url.origin}${url.pathname}?${query.join('&')}`
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
