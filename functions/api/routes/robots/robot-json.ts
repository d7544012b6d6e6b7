/** Robots as Harbor's API writes them. */
import { z } from '@hono/zod-openapi'
import type { CreatedRobot } from '../../../../shared/robots/create.ts'
import type { RobotUpdate } from '../../../../shared/robots/change.ts'
import type { Robot } from '../../../../shared/robots/robot.ts'
import type { Fields } from '../../http/query-match.ts'
import { idInPath } from '../../http/schemas.ts'
import { iso } from '../../http/time.ts'

export const access = z
  .object({ resource: z.string(), action: z.string(), effect: z.string().optional() })
  .openapi('Access')

const permission = z
  .object({
    kind: z.enum(['system', 'project']),
    namespace: z.string(),
    repository: z.string().optional().openapi({
      description: 'Which repositories of the project, with * and **; absent: all. Not of Harbor',
    }),
    access: z.array(access),
  })
  .openapi('RobotPermission')

const level = z.enum(['system', 'project'])
/** 0 and null are what clients of Harbor send for what was not said. */
const duration = z
  .int()
  .nullish()
  .transform((days) => (days === 0 || days === null ? undefined : days))
  .openapi({ type: 'integer', description: 'Days; -1: for ever' })

export const newRobot = z
  .object({
    name: z.string(),
    description: z.string().optional(),
    level,
    duration,
    disable: z.boolean().optional(),
    secret: z.string().optional().openapi({ description: 'Absent or empty: one is made' }),
    permissions: z.array(permission).default([]),
  })
  .openapi('RobotCreate')

export const robotCreated = z
  .object({
    id: z.int(),
    name: z.string(),
    secret: z.string(),
    creation_time: z.iso.datetime(),
    expires_at: z.int(),
  })
  .openapi('RobotCreated')

export const robotUpdate = z
  .object({
    name: z.string().optional(),
    level: z.union([level, z.literal('')]).optional(),
    description: z.string().default(''),
    disable: z.boolean().default(false),
    duration,
    permissions: z.array(permission).nullish(),
  })
  .openapi('RobotUpdate')

export const robotSecret = z.object({ secret: z.string().optional() }).openapi('RobotSec')

export const robotResponse = z
  .object({
    id: z.int(),
    name: z.string(),
    description: z.string(),
    level,
    duration: z.int(),
    editable: z.boolean(),
    disable: z.boolean(),
    expires_at: z.int(),
    permissions: z.array(permission),
    creator_type: z.enum(['local', 'robot']),
    creator_ref: z.int(),
    creation_time: z.iso.datetime(),
    update_time: z.iso.datetime(),
    last_used_time: z.iso.datetime().optional().openapi({ description: 'To the hour' }),
  })
  .openapi('Robot')

export const robotInPath = z.object({ robot_id: idInPath })

export const shownRobot = (robot: Robot): z.infer<typeof robotResponse> => ({
  id: robot.number,
  name: robot.name,
  description: robot.description,
  level: robot.level,
  duration: robot.durationDays,
  editable: true,
  disable: robot.isDisabled,
  expires_at: robot.expiresAt,
  permissions: robot.permissions.map(({ kind, namespace, repository, access: given }) => ({
    ...{ kind, namespace },
    ...(repository === undefined ? {} : { repository }),
    access: given.map(({ resource, action, effect }) => ({
      ...{ resource, action },
      effect: effect ?? 'allow',
    })),
  })),
  creator_type: robot.creator.type,
  creator_ref: robot.creator.number,
  creation_time: iso(robot.createdAt),
  update_time: iso(robot.updatedAt),
  ...(robot.lastUsedAt === undefined ? {} : { last_used_time: iso(robot.lastUsedAt) }),
})

export const shownCreated = ({ robot, secret }: CreatedRobot): z.infer<typeof robotCreated> => ({
  ...{ id: robot.number, name: robot.name, secret },
  creation_time: iso(robot.createdAt),
  expires_at: robot.expiresAt,
})

/** What a client says that a robot is to be; an empty name or list says nothing, as with Harbor. */
export const updateOf = (given: z.output<typeof robotUpdate>): RobotUpdate => ({
  name: given.name === '' ? undefined : given.name,
  level: given.level === '' ? undefined : given.level,
  description: given.description,
  isDisabled: given.disable,
  durationDays: given.duration,
  permissions:
    given.permissions === null || given.permissions?.length === 0 ? undefined : given.permissions,
})

/** A name may be asked for with or without the prefix. */
export const ROBOT_FIELDS: Fields<Robot> = {
  id: ({ number }) => number,
  name: ({ name, shortName }) => [name, shortName],
  description: ({ description }) => description,
  duration: ({ durationDays }) => durationDays,
  disable: ({ isDisabled }) => isDisabled,
  expires_at: ({ expiresAt }) => expiresAt,
  creation_time: ({ createdAt }) => new Date(createdAt),
  update_time: ({ updatedAt }) => new Date(updatedAt),
}
