import { pages } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { key, prefix, type ProjectId } from '../table.ts'
import { removeRobot } from './remove.ts'
import { parseRobot } from './robot.ts'

/** Removes the robots of a project that is deleted; safe to repeat. */
export const sweepRobots = async (store: Store, pid: ProjectId): Promise<void> => {
  const query = {
    pk: key.project(pid).pk,
    sk: { prefix: prefix.robotsOfProject },
    read: 'strong',
  } as const
  for await (const items of pages(store, query)) {
    for (const robot of items.map(parseRobot)) await removeRobot(store, robot)
  }
}
