import { expect } from 'vitest'
import { bytesOf, freshObject, readText, type ObjectsSubject } from './subject.ts'

const TEXT = '0123456789'

export const reads = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  guarantee('an absent object is undefined to head and get', async () => {
    expect(await subject.objects.head(freshObject())).toBeUndefined()
    expect(await subject.objects.get(freshObject())).toBeUndefined()
    expect(await subject.objects.get(freshObject(), { start: 0, end: 0 })).toBeUndefined()
  })

  guarantee(
    'a range answers its bytes, both ends included, and the size of the whole',
    async () => {
      const key = freshObject()
      await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
      for (const [start, end] of [
        [0, 0],
        [0, 9],
        [3, 5],
        [9, 9],
      ] as const) {
        expect(await readText(subject.objects, key, { start, end })).toBe(
          TEXT.slice(start, end + 1),
        )
        expect((await subject.objects.get(key, { start, end }))?.sizeBytes).toBe(TEXT.length)
      }
    },
  )

  guarantee('a range outside the object is refused', async () => {
    const key = freshObject()
    await subject.objects.put(key, bytesOf(TEXT), { ifAbsent: true })
    for (const range of [
      { start: 10, end: 10 },
      { start: 5, end: 10 },
      { start: 5, end: 4 },
      { start: -1, end: 4 },
    ]) {
      await expect(subject.objects.get(key, range)).rejects.toThrow(RangeError)
    }
  })

  guarantee('a body that nobody reads holds up nothing', async () => {
    const key = freshObject()
    await subject.objects.put(key, [new Uint8Array(2 * 1024 * 1024)], { ifAbsent: true })
    for (let count = 0; count < 60; count += 1) {
      expect((await subject.objects.get(key))?.sizeBytes).toBe(2 * 1024 * 1024)
    }
    expect(await subject.objects.head(key)).toEqual({ sizeBytes: 2 * 1024 * 1024 })
  })
}
