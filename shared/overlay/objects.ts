import type { Objects } from '../ports.ts'

/** A bucket over another one: what is deleted is there no more, for whoever looks through here. It takes nothing new. */
export const overlayObjects = (below: Objects): Objects => {
  const deleted = new Set<string>()
  const refuse = (): Promise<never> => {
    throw new Error('nothing can be put into a bucket that is only looked at')
  }
  return {
    ...below,
    head: async (key) => (deleted.has(key) ? undefined : await below.head(key)),
    get: async (key, range) => (deleted.has(key) ? undefined : await below.get(key, range)),
    inspect: async (key) => (deleted.has(key) ? undefined : await below.inspect(key)),
    list: async (prefix, after) => {
      const page = await below.list(prefix, after)
      return { ...page, keys: page.keys.filter((key) => !deleted.has(key)) }
    },
    deleteMany: async (keys) => {
      await Promise.resolve()
      for (const key of keys) deleted.add(key)
      return []
    },
    put: refuse,
    copy: refuse,
    signedPut: refuse,
    multipart: {
      ...below.multipart,
      // What is aborted leaves nothing that anybody asks for.
      abort: async () => {
        await Promise.resolve()
      },
      start: refuse,
      putPart: refuse,
      complete: refuse,
      signedPart: refuse,
    },
  }
}
