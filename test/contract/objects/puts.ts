import { expect } from 'vitest'
import { bytesOf, filled, freshObject, read, readText, type ObjectsSubject } from './subject.ts'

const CONTENDERS = 20

export const puts = (subject: ObjectsSubject): void => {
  const { guarantee } = subject
  const always = { ifAbsent: false }
  const once = { ifAbsent: true }

  guarantee('what was put is read back, piece after piece', async () => {
    const key = freshObject()
    const pieces = [filled(3, 1), filled(0, 0), filled(70_000, 2), filled(1, 3)]
    expect(await subject.objects.put(key, pieces, always)).toBe('created')
    expect((await read(subject.objects, key))?.equals(Buffer.concat(pieces))).toBe(true)
    expect(await subject.objects.head(key)).toEqual({ sizeBytes: 70_004 })
  })

  guarantee('an object may be empty', async () => {
    for (const nothing of [[], [new Uint8Array(0)]]) {
      const key = freshObject()
      expect(await subject.objects.put(key, nothing, once)).toBe('created')
      expect(await subject.objects.head(key)).toEqual({ sizeBytes: 0 })
      expect(await readText(subject.objects, key)).toBe('')
    }
  })

  guarantee('a put replaces, a put if absent does not', async () => {
    const key = freshObject()
    expect(await subject.objects.put(key, bytesOf('one'), once)).toBe('created')
    expect(await subject.objects.put(key, bytesOf('two'), once)).toBe('exists')
    expect(await readText(subject.objects, key)).toBe('one')
    expect(await subject.objects.put(key, bytesOf('three'), always)).toBe('created')
    expect(await readText(subject.objects, key)).toBe('three')
  })

  guarantee('of 20 puts if absent exactly one wins, and its bytes are the object', async () => {
    const key = freshObject()
    const outcomes = await Promise.all(
      Array.from({ length: CONTENDERS }, async (_, index) => {
        return await subject.objects.put(key, bytesOf(`from ${index}`), once)
      }),
    )
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    const winner = outcomes.indexOf('created')
    expect(await readText(subject.objects, key)).toBe(`from ${winner}`)
  })

  guarantee('deleted objects are gone, and absent ones count as deleted', async () => {
    const [first, second, absent] = [freshObject(), freshObject(), freshObject()]
    await subject.objects.put(first, bytesOf('a'), always)
    await subject.objects.put(second, bytesOf('b'), always)
    expect(await subject.objects.deleteMany([first, absent])).toEqual([])
    expect(await subject.objects.head(first)).toBeUndefined()
    expect(await readText(subject.objects, second)).toBe('b')
    expect(await subject.objects.deleteMany([])).toEqual([])
    expect(await subject.objects.put(first, bytesOf('again'), once)).toBe('created')
  })

  guarantee('1,000 keys are deleted at once', async () => {
    const keys = Array.from({ length: 1000 }, freshObject)
    const [first = '', last = ''] = [keys[0], keys[999]]
    await subject.objects.put(first, bytesOf('a'), always)
    await subject.objects.put(last, bytesOf('b'), always)
    expect(await subject.objects.deleteMany(keys)).toEqual([])
    expect(await subject.objects.head(first)).toBeUndefined()
    expect(await subject.objects.head(last)).toBeUndefined()
  })
}
