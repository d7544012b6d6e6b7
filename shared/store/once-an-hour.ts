import type { Clock } from '../ports.ts'

const HOUR_MS = 60 * 60 * 1000
const MAX_REMEMBERED = 10_000

/** Tells of each thing once an hour at most, however often it is heard of. */
export const onceAnHour = <T>(
  clock: Pick<Clock, 'now'>,
  nameOf: (thing: T) => string,
  tell: (thing: T) => void,
): ((thing: T) => void) => {
  const told = new Map<string, number>()
  return (thing) => {
    const name = nameOf(thing)
    const now = clock.now()
    if ((told.get(name) ?? -Infinity) > now - HOUR_MS) return
    if (told.size >= MAX_REMEMBERED) told.clear()
    told.set(name, now)
    tell(thing)
  }
}
