import { createHash, createHmac } from 'node:crypto'

type Data = string | ArrayBuffer | ArrayBufferView

/** SHA-256 and its HMAC in the shape that the SDK's signer asks for. */
export class Sha256 {
  readonly #secret: Data | undefined
  #hash

  constructor(secret?: Data) {
    this.#secret = secret
    this.#hash = start(secret)
  }

  update(data: Data): void {
    this.#hash.update(bytesOf(data))
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }

  reset(): void {
    this.#hash = start(this.#secret)
  }
}

const start = (secret: Data | undefined) =>
  secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))

const bytesOf = (data: Data): Uint8Array => {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
