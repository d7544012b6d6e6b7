import type { Around, AwsCall } from '../../shared/aws/settings.ts'

/** What becomes of one call. */
export type Fault =
  /** The function ends before the call is sent, or when it was sent and nobody waits for the answer. */
  | 'ended before'
  | 'ended after'
  /** It is never done, and nobody says so. */
  | 'dropped'
  /** It is done, and the answer is lost. */
  | 'answer lost'
  /** It is given up on, and done when everything else is. */
  | 'delayed'
  /** It is sent twice, and the first answer counts. */
  | 'sent twice'

const never = async <T>(): Promise<T> => await new Promise<T>(() => undefined)

/** Counts the calls of clients, and lets something happen to one of them. */
export const createFaults = () => {
  let plan: { readonly at: number; readonly fault: Fault } | undefined
  let calls: AwsCall[] = []
  let depth = 0
  let isEnded = false
  let refuse: ((call: AwsCall) => Error | undefined) | undefined
  let end: () => void = () => undefined
  let ended: Promise<void> = Promise.resolve()
  let held: () => Promise<void> = async () => {
    await Promise.resolve()
  }

  const around: Around = async (call, send) => {
    // Nothing comes of anything that a function was about to do when it ended.
    if (isEnded) return await never()
    calls.push(call)
    const mine = depth + 1
    try {
      return await troubled(call, send)
    } finally {
      depth = Math.max(depth, mine)
    }
  }

  const troubled: Around = async (call, send) => {
    const refusal = refuse?.(call)
    if (refusal !== undefined) throw refusal
    if (calls.length !== plan?.at) return await send()
    switch (plan.fault) {
      case 'ended before':
      case 'ended after':
        isEnded = true
        if (plan.fault === 'ended after') await send()
        end()
        return await never()
      case 'dropped':
        throw new Error('socket hang up')
      case 'answer lost':
        await send()
        throw new Error('socket hang up')
      case 'delayed':
        held = async () => {
          await send().catch(() => undefined)
        }
        throw new Error('socket hang up')
      case 'sent twice': {
        const answer = await send()
        await send().catch(() => undefined)
        return answer
      }
    }
  }

  return {
    around,
    /** Begins to count anew; `fault` happens to the call with the number `at`, from 1. */
    plan: (at?: number, fault?: Fault): void => {
      calls = []
      depth = 0
      isEnded = false
      plan = at === undefined || fault === undefined ? undefined : { at, fault }
      ended = new Promise((resolve) => (end = resolve))
    },
    /** Fails calls with what this answers, until it is told otherwise. */
    refuse: (why: typeof refuse): void => {
      refuse = why
    },
    calls: (): readonly AwsCall[] => calls,
    /** How many calls had to wait for one another; those side by side count once. */
    roundTrips: (): number => depth,
    /** Does at last what was delayed. */
    release: async (): Promise<void> => {
      await held()
    },
    /** Resolves when a function has ended. */
    ended: async (): Promise<void> => {
      await ended
    },
  }
}

/** An error as the SDK makes it of an answer of AWS. */
export const awsError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } })
