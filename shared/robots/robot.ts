import * as z from 'zod'
import type { RobotNumber } from '../auth/principal.ts'
import type { AttributeValue, Item } from '../ports.ts'
import type { ProjectId } from '../table.ts'
import { parseSaved, type SavedPermission } from './permissions.ts'

export type Level = 'system' | 'project'
export type Creator = { readonly type: 'local' | 'robot'; readonly number: number }

export type Robot = {
  readonly number: RobotNumber
  /** As it logs in: with its prefix, and with its project where it is one's. */
  readonly name: string
  /** As it was asked for. */
  readonly shortName: string
  readonly level: Level
  /** Of a robot of level `project`. */
  readonly pid: ProjectId | undefined
  readonly description: string
  /** Of a robot that may log in as long as it is not deleted: -1. */
  readonly durationDays: number
  /** Epoch seconds; -1: never. */
  readonly expiresAt: number
  readonly isDisabled: boolean
  readonly permissions: readonly SavedPermission[]
  readonly creator: Creator
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly version: number
  /** To the hour; `undefined`: never. Epoch milliseconds. */
  readonly lastUsedAt: number | undefined
}

export const FOREVER = -1
const DAY_SECONDS = 24 * 60 * 60

/** When a robot's time is over, in epoch seconds; counted from when it was made, as Harbor does. */
export const expiryOf = (createdAt: number, durationDays: number): number =>
  durationDays === FOREVER ? FOREVER : Math.floor(createdAt / 1000) + durationDays * DAY_SECONDS

/**
 * Reads the number of a robot.
 * @throws RangeError for what is no whole number above 0
 */
export const parseRobotNumber = (number: number): RobotNumber => {
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`no robot ${number}`)
  return number as RobotNumber
}

const robotItem = z.object({
  number: z.number(),
  name: z.string(),
  shortName: z.string(),
  level: z.enum(['system', 'project']),
  pid: z.string().optional(),
  description: z.string(),
  durationDays: z.number(),
  expiresAt: z.number(),
  isDisabled: z.boolean(),
  permissions: z.string(),
  creatorType: z.enum(['local', 'robot']),
  creatorNumber: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  version: z.number(),
  lastUsedAt: z.number().optional(),
})
const secretItem = z.object({ secretHash: z.string() })

/** A robot out of its item or out of an entry of a list: both say the same. */
export const parseRobot = (item: Item): Robot => {
  const parsed = robotItem.parse(item)
  const { number, pid, permissions, creatorType, creatorNumber, lastUsedAt, ...rest } = parsed
  return {
    ...rest,
    lastUsedAt,
    number: parseRobotNumber(number),
    pid: pid === undefined ? undefined : (pid as ProjectId),
    permissions: parseSaved(permissions),
    creator: { type: creatorType, number: creatorNumber },
  }
}

/** What is stored of a robot's secret; only its own item has it. */
export const parseSecretHash = (item: Item): string => secretItem.parse(item).secretHash

/** What both items of a robot say; when it was last used is written by logins alone. */
export const robotAttributes = (robot: Robot): Readonly<Record<string, AttributeValue>> => ({
  number: robot.number,
  name: robot.name,
  shortName: robot.shortName,
  level: robot.level,
  ...(robot.pid === undefined ? {} : { pid: robot.pid }),
  description: robot.description,
  durationDays: robot.durationDays,
  expiresAt: robot.expiresAt,
  isDisabled: robot.isDisabled,
  permissions: JSON.stringify(robot.permissions),
  creatorType: robot.creator.type,
  creatorNumber: robot.creator.number,
  createdAt: robot.createdAt,
  updatedAt: robot.updatedAt,
  version: robot.version,
})
