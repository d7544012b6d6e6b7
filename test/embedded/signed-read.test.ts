import { expect, test } from 'vitest'
import { verifySignedRead } from '../../shared/embedded/signed-read.ts'
import { testClock, withDirectory, withEmbedded } from './fresh.ts'

const redirect = { baseUrl: 'http://127.0.0.1:5000/base', secret: 'secret' }
const contentType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const now = testClock().now()

const signed = async (): Promise<URL> =>
  await withDirectory(
    async (directory) =>
      await withEmbedded(
        directory,
        async ({ objects }) =>
          new URL(
            (await objects.signedRead('object/ab/abc', { expiresInSeconds: 60, contentType })) ??
              '',
          ),
        { redirect },
      ),
  )

test('without a redirect there is no URL', async () => {
  await withDirectory(async (directory) => {
    await withEmbedded(directory, async ({ objects }) => {
      const url = await objects.signedRead('object/ab/abc', { expiresInSeconds: 60, contentType })
      expect(url).toBeUndefined()
    })
  })
})

test('a signed URL gives access to its object until it expires', async () => {
  const url = await signed()
  expect(url.href.startsWith('http://127.0.0.1:5000/base/objects/object/ab/abc?')).toBe(true)
  expect(verifySignedRead(url, 'secret', now)).toEqual({ key: 'object/ab/abc', contentType })
  expect(verifySignedRead(url, 'secret', now + 59_999)).toBeDefined()
  expect(verifySignedRead(url, 'secret', now + 60_000)).toBeUndefined()
})

test.each<[string, (url: URL) => void]>([
  [
    'another key',
    (url) => {
      url.pathname = url.pathname.replace('abc', 'abd')
    },
  ],
  [
    'a later expiry',
    (url) => {
      url.searchParams.set('expires', '9999999999')
    },
  ],
  [
    'another type',
    (url) => {
      url.searchParams.set('type', 'text/html')
    },
  ],
  [
    'a shorter signature',
    (url) => {
      url.searchParams.set('signature', 'abc')
    },
  ],
  [
    'no signature',
    (url) => {
      url.searchParams.delete('signature')
    },
  ],
  [
    'no expiry',
    (url) => {
      url.searchParams.delete('expires')
    },
  ],
])('a URL with %s is refused', async (_, change) => {
  const url = await signed()
  change(url)
  expect(verifySignedRead(url, 'secret', now)).toBeUndefined()
})

test('a URL signed with another secret is refused', async () => {
  expect(verifySignedRead(await signed(), 'other', now)).toBeUndefined()
})
