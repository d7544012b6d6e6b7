import type { Extension } from './extension.ts'

/** Lambda bills the time, and the client does not wait for it; what is not done by then is tried again the next time. */
const LONGEST_MS = 5_000

export type BehindAnswers = {
  /** To be done behind every answer. */
  readonly work: () => Promise<void>
  /** Told of what fails. */
  readonly onError: (error: unknown) => void
  /** Ends the process: Lambda would wait for its extension until the time of the function is up, again and again. */
  readonly onLost: () => void
}

/**
 * Has something done behind every answer of a handler. Lambda freezes a function as soon as it has answered, so without an
 * extension the work comes before the answer: slower, and as sure.
 */
export const behindAnswers = <Call extends readonly unknown[], Answer>(
  handler: (...call: Call) => Promise<Answer>,
  { onError, onLost, work }: BehindAnswers,
  extension: Extension | undefined,
): ((...call: Call) => Promise<Answer>) => {
  const workForAWhile = async (): Promise<void> => {
    let timer: NodeJS.Timeout | undefined
    const tooLong = new Promise<void>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error('what is done behind answers takes too long'))
      }, LONGEST_MS)
    })
    await Promise.race([work(), tooLong]).catch(onError)
    clearTimeout(timer)
  }

  if (extension === undefined) {
    return async (...call) => {
      const answer = await handler(...call)
      await workForAWhile()
      return answer
    }
  }

  // The process has one invocation at a time, but may hear of it from either side first.
  let answered = 0
  let wake = (): void => undefined
  const follow = async (): Promise<never> => {
    for (let invocations = 1; ; invocations += 1) {
      await extension.next()
      while (answered < invocations) await new Promise<void>((resolve) => (wake = resolve))
      await workForAWhile()
    }
  }
  void follow().catch((error: unknown) => {
    onError(error)
    onLost()
  })
  return async (...call) => {
    try {
      return await handler(...call)
    } finally {
      answered += 1
      // The answer goes first.
      setImmediate(wake)
    }
  }
}
