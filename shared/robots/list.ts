import * as z from 'zod'
import { DomainError } from '../errors.ts'
import { takePage, type Listing, type Paging } from '../store/page.ts'
import { readCounter } from '../store/numbers.ts'
import { getItem, pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, ROBOTS, type ProjectId } from '../table.ts'
import { parseRobot, type Robot } from './robot.ts'

export type ListRobots = Paging & {
  /** Of this project; `undefined`: of the system. */
  readonly pid: ProjectId | undefined
  /** Continue behind this number. */
  readonly after?: number | undefined
}

/** One page of the robots of a project or of the system, in the order of their numbers. */
export const listRobots = async (store: Store, query: ListRobots): Promise<Listing<Robot>> => {
  const [counter, page] = await Promise.all([
    readCounter(store, query.pid === undefined ? 'robots' : `robots#${query.pid}`),
    takePage(walk(store, query, (query.skip ?? 0) + query.limit + 1), query),
  ])
  return { ...page, total: counter.total }
}

/** All robots of a project or of the system, in the order of their numbers. */
export const walkRobots = (store: Store, of: Pick<ListRobots, 'pid'>): AsyncGenerator<Robot> =>
  walk(store, of, MOST_AT_ONCE)

/**
 * A robot by its number.
 * @throws DomainError NOT_FOUND
 */
export const readRobot = async (store: Store, number: number): Promise<Robot> => {
  const named = await getItem(store, key.robotNumber(number), 'strong')
  const item =
    named === undefined
      ? undefined
      : await getItem(store, key.robot(numberItem.parse(named).name), 'strong')
  const robot = item === undefined ? undefined : parseRobot(item)
  // Its name may be another one's by now.
  if (robot?.number === number) return robot
  throw new DomainError('NOT_FOUND', `no robot ${number}`)
}

const numberItem = z.object({ name: z.string() })

const MOST_AT_ONCE = 1_000

const walk = async function* (
  store: Store,
  { pid, after }: Pick<ListRobots, 'pid' | 'after'>,
  atOnce: number,
): AsyncGenerator<Robot> {
  const query = {
    limit: Math.min(atOnce, MOST_AT_ONCE),
    pk: pid === undefined ? ROBOTS : key.project(pid).pk,
    read: 'strong',
    ...(pid === undefined ? {} : { sk: { prefix: prefix.robotsOfProject } }),
    ...(after === undefined ? {} : { after: key.robotListed(pid, after).sk }),
  } as const
  for await (const items of pages(store, query)) yield* items.map(parseRobot)
}
