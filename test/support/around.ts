/** What becomes of a call of a port: it is made, or not, or its answer is kept back. */
export type Around = (
  method: string,
  call: () => Promise<unknown>,
  args: readonly unknown[],
) => Promise<unknown>

/** Ports whose every call goes through one place; those of an inner port, such as `multipart`, too. */
export const surround = <T extends object>(port: T, around: Around): T =>
  new Proxy(port, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver)
      if (typeof value === 'function') {
        return async (...args: readonly unknown[]): Promise<unknown> =>
          await around(
            String(name),
            async () => await Promise.resolve<unknown>(Reflect.apply(value, target, args)),
            args,
          )
      }
      return typeof value === 'object' && value !== null ? surround(value, around) : value
    },
  })

const READS: ReadonlySet<string> = new Set([
  ...['get', 'batchGet', 'query', 'scan', 'head', 'list', 'inspect', 'parts'],
  ...['signedRead', 'signedPut', 'signedPart'],
])

/** Whether a method leaves everything as it is. */
export const isRead = (method: string): boolean => READS.has(method)

/** Of a process that dies: its call never reaches the store, or is done there but not answered, or arrives much later. */
export type Death = { readonly call: number; readonly how: 'before' | 'after' | 'late' }

/** The life of a process that dies at its n-th call of a port. */
export const createMortal = ({ call: last, how }: Death) => {
  const { promise: died, resolve: die } = Promise.withResolvers<undefined>()
  const never = new Promise<never>(() => undefined)
  let calls = 0
  const isDead = (): boolean => calls >= last
  let late: () => Promise<unknown> = async () => {
    await Promise.resolve()
  }
  const around: Around = async (_method, call) => {
    if (isDead()) return await never
    calls += 1
    if (calls < last) {
      const answer = await call()
      return isDead() ? await never : answer
    }
    if (how === 'after') await call()
    if (how === 'late') late = call
    die(undefined)
    return await never
  }
  return { around, died, arriveLate: async (): Promise<unknown> => await late() }
}
