import { count } from '../store/numbers.ts'
import type { Store } from '../store/store.ts'
import { transactNamed } from '../store/transact.ts'
import { key } from '../table.ts'
import type { Robot } from './robot.ts'

/** Removes every item of a robot, unless it is gone or its name is another one's already. */
export const removeRobot = async (
  store: Store,
  { name, number, pid }: Pick<Robot, 'name' | 'number' | 'pid'>,
): Promise<'removed' | 'gone'> => {
  const outcome = await transactNamed(store, {
    robot: {
      op: 'delete',
      key: key.robot(name),
      conditions: [{ kind: 'equals', name: 'number', value: number }],
    },
    number: { op: 'delete', key: key.robotNumber(number) },
    listed: { op: 'delete', key: key.robotListed(pid, number) },
    counter: count(pid === undefined ? 'robots' : `robots#${pid}`, -1),
  })
  return outcome.done ? 'removed' : 'gone'
}
