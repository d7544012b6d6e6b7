import { describe, expect, it } from 'vitest'
import { RegistryError } from '../../shared/oci/errors.ts'
import { parseManifest } from '../../shared/oci/manifest.ts'
import { MEDIA_TYPE } from '../../shared/oci/media-types.ts'
import { imageJson, indexJson } from '../support/app.ts'

const bytes = (text: string) => Buffer.from(text)
const parse = (json: unknown, contentType?: string) =>
  parseManifest(bytes(typeof json === 'string' ? json : JSON.stringify(json)), contentType)
const image = JSON.parse(imageJson('{}', ['one', 'one', 'two'])) as Record<string, unknown>

describe('a manifest', () => {
  it('is read with its blobs, each once', () => {
    const { mediaType, blobs, artifactType } = parse(
      image,
      `${MEDIA_TYPE.imageManifest}; charset=x`,
    )
    expect([mediaType, blobs.length, artifactType]).toEqual([
      MEDIA_TYPE.imageManifest,
      3,
      'application/vnd.oci.image.config.v1+json',
    ])
  })

  it('needs no mediaType when the header or its fields tell what it is', () => {
    const { mediaType: _mediaType, ...rest } = image
    expect(parse(rest).mediaType).toBe(MEDIA_TYPE.imageManifest)
    expect(parse(rest, MEDIA_TYPE.dockerManifest).mediaType).toBe(MEDIA_TYPE.dockerManifest)
    expect(parse(indexJson([imageJson('{}', [])])).manifests).toHaveLength(1)
  })

  it('may do without layers that are not distributable', () => {
    const layer = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      size: 1,
    }
    const digest = `sha256:${'b'.repeat(64)}`
    const { blobs } = parse({ ...image, layers: [{ ...layer, digest }] })
    expect(blobs.map(({ optional }) => optional)).toEqual([false, true])
  })

  it.each([
    ['not JSON', '{"schemaVersion":2'],
    ['a list', '[]'],
    ['a byte order mark', '\ufeff{}'],
    ['a depth bomb', '['.repeat(100_000)],
    ['no schemaVersion', { ...image, schemaVersion: undefined }],
    ['no config', { ...image, config: undefined }],
    [
      'a config without size',
      { ...image, config: { mediaType: 'a', digest: `sha256:${'a'.repeat(64)}` } },
    ],
    [
      'a negative size',
      { ...image, layers: [{ mediaType: 'a', digest: `sha256:${'a'.repeat(64)}`, size: -1 }] },
    ],
    [
      'a digest outside the grammar',
      { ...image, layers: [{ mediaType: 'a', digest: 'sha256:xyz', size: 1 }] },
    ],
    ['layers and manifests', { ...image, manifests: [] }],
    ['an unknown media type', { ...image, mediaType: 'application/json' }],
    ['schema 1', { schemaVersion: 1, name: 'a', tag: 'b' }],
  ])('is refused with a sentence when it is %s', (_what, json) => {
    expect(() => parse(json)).toThrow(RegistryError)
  })

  it('is refused when it contradicts the header', () => {
    expect(() => parse(image, MEDIA_TYPE.imageIndex)).toThrow(/differ/)
  })

  it('is refused when it is not UTF-8', () => {
    expect(() => parseManifest(Buffer.from([0x7b, 0xff, 0x7d]), undefined)).toThrow(RegistryError)
  })
})
