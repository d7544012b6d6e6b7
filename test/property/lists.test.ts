import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createTestApp, imageJson, pushBlob, putManifest } from '../support/app.ts'

const page = z.object({ tags: z.array(z.string()) })
const TAG = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,12}$/)

describe('the pages of a list of tags', () => {
  it('make up the whole list in ASCII order, whatever their size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(TAG, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 13 }),
        async (tags, n) => {
          const registry = createTestApp()
          await pushBlob(registry, 'p/a', '{}')
          for (const tag of tags) await putManifest(registry, 'p/a', tag, imageJson('{}', []))
          const listed: string[] = []
          let next: string | undefined = `/v2/p/a/tags/list?n=${n}`
          while (next !== undefined) {
            const response: Response = await registry.app.request(next)
            listed.push(...page.parse(await response.json()).tags)
            next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('Link') ?? '')?.[1]
          }
          expect(listed).toEqual([...tags].sort())
        },
      ),
      { numRuns: 40 },
    )
  })
})
