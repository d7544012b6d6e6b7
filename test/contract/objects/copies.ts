import { expect } from 'vitest'
import { bytesOf, freshObject, readText, type ObjectsSubject } from './subject.ts'

export const copies = (subject: ObjectsSubject): void => {
  const { guarantee } = subject

  guarantee('a copy has the bytes of its source, and lives on without it', async () => {
    const [from, to] = [freshObject(), freshObject()]
    await subject.objects.put(from, bytesOf('content'), { ifAbsent: true })
    expect(await subject.objects.copy(from, to, { ifAbsent: true })).toBe('created')
    await subject.objects.deleteMany([from])
    expect(await readText(subject.objects, to)).toBe('content')
  })

  guarantee('a copy replaces, a copy if absent does not', async () => {
    const [one, two, to] = [freshObject(), freshObject(), freshObject()]
    await subject.objects.put(one, bytesOf('one'), { ifAbsent: true })
    await subject.objects.put(two, bytesOf('two'), { ifAbsent: true })
    expect(await subject.objects.copy(one, to, { ifAbsent: true })).toBe('created')
    expect(await subject.objects.copy(two, to, { ifAbsent: true })).toBe('exists')
    expect(await readText(subject.objects, to)).toBe('one')
    expect(await subject.objects.copy(two, to, { ifAbsent: false })).toBe('created')
    expect(await readText(subject.objects, to)).toBe('two')
    expect(await readText(subject.objects, two)).toBe('two')
  })

  guarantee('a copy of an absent object says so and makes nothing', async () => {
    const to = freshObject()
    expect(await subject.objects.copy(freshObject(), to, { ifAbsent: true })).toBe('unknownSource')
    expect(await subject.objects.copy(freshObject(), to, { ifAbsent: false })).toBe('unknownSource')
    expect(await subject.objects.head(to)).toBeUndefined()
  })
}
