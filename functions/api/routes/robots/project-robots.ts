import { z } from '@hono/zod-openapi'
import { DomainError } from '../../../../shared/errors.ts'
import { deleteRobot, updateRobot } from '../../../../shared/robots/change.ts'
import { createRobot, type NewRobot } from '../../../../shared/robots/create.ts'
import { readRobot } from '../../../../shared/robots/list.ts'
import { FOREVER, type Robot } from '../../../../shared/robots/robot.ts'
import { principalOf, projectOf } from '../../access.ts'
import type { Api, ApiContext } from '../../factory.ts'
import { locationOf } from '../../http/created.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { errors, json, jsonBody, jsonPage, ofProject } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import {
  access,
  robotCreated,
  robotInPath,
  robotResponse,
  robotUpdate,
  shownCreated,
  shownRobot,
  updateOf,
} from './robot-json.ts'
import { storeForNewRobot, storeForRobot } from './robot-audit.ts'
import { robotPage } from './robots-list.ts'

const TAGS = ['robotv1']
const PATH = '/projects/{project_name_or_id}/robots'
const ofRobot = { ...ofProject, params: ofProject.params.extend(robotInPath.shape) } as const

const newProjectRobot = z
  .object({
    name: z.string(),
    description: z.string().optional(),
    expires_at: z.int().optional().openapi({
      description: 'Epoch seconds; -1: never; absent or 0: after as many days as any robot',
    }),
    access: z.array(access),
  })
  .openapi('RobotCreateV1')

/** Older clients write `/project/1/repository` for the repositories of project 1. */
const OF_A_PROJECT = /^\/project\/[^/]+\//
const DAY_MS = 24 * 60 * 60_000

/** @throws DomainError BAD_REQUEST */
const daysUntil = (expiresAt: number | undefined, now: number): number | undefined => {
  if (expiresAt === undefined || expiresAt === 0) return undefined
  if (expiresAt === FOREVER) return FOREVER
  const days = Math.ceil((expiresAt * 1_000 - now) / DAY_MS)
  if (days > 0) return days
  throw new DomainError('BAD_REQUEST', 'expires_at is -1 (never) or epoch seconds in the future')
}

/** The robot of the path, if it is one of the project of the path. */
const robotOf = async (c: ApiContext, number: number): Promise<Robot> => {
  const robot = await readRobot(c.get('deps').store, number)
  if (robot.pid === projectOf(c).project.pid) return robot
  throw new DomainError('NOT_FOUND', `no robot ${number} of the project`)
}

/** The robots of a project under its path: how Harbor had them first, and older clients have them still. */
export const addProjectRobots = (api: Api): void => {
  route(
    api,
    {
      ...{ method: 'get', path: PATH, operationId: 'ListRobotV1', tags: TAGS },
      summary: 'The robots of a project',
      request: { ...ofProject, query: listQuery },
      responses: { 200: jsonPage(robotResponse, 'Robots'), ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'robot:list' },
    async (c) => {
      const request = listRequestOf(c.req.valid('query'))
      const robots = await robotPage(c, request, projectOf(c).project.pid)
      return c.json(robots.map(shownRobot), 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'post', path: PATH, operationId: 'CreateRobotV1', tags: TAGS },
      summary: 'Make a robot of a project; its secret is shown this once',
      request: { ...ofProject, body: jsonBody(newProjectRobot) },
      responses: {
        201: json(robotCreated, 'The robot, with its secret'),
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    { project: 'robot:create' },
    async (c) => {
      const { store } = c.get('deps')
      const { name, description, expires_at: expiresAt, access: given } = c.req.valid('json')
      const robot: NewRobot = {
        ...{ name, description, level: 'project' },
        durationDays: daysUntil(expiresAt, store.clock.now()),
        permissions: [
          {
            kind: 'project',
            namespace: projectOf(c).project.name,
            access: given.map(({ resource, ...rest }) => ({
              ...rest,
              resource: resource.replace(OF_A_PROJECT, ''),
            })),
          },
        ],
      }
      const principal = await principalOf(c)
      const made = await createRobot(await storeForNewRobot(c, principal, robot), principal, robot)
      c.header('Location', locationOf(c, { id: made.robot.number, name: made.robot.name }))
      return c.json(shownCreated(made), 201)
    },
  )

  addProjectRobot(api)
}

const addProjectRobot = (api: Api): void => {
  const path = `${PATH}/{robot_id}`

  route(
    api,
    {
      ...{ method: 'get', path, operationId: 'GetRobotByIDV1', tags: TAGS },
      summary: 'A robot of a project',
      request: ofRobot,
      responses: { 200: json(robotResponse, 'The robot'), ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'robot:read' },
    async (c) => c.json(shownRobot(await robotOf(c, c.req.valid('param').robot_id)), 200),
  )

  route(
    api,
    {
      ...{ method: 'put', path, operationId: 'UpdateRobotV1', tags: TAGS },
      summary: 'Change a robot of a project as a whole; its name stays',
      request: { ...ofRobot, body: jsonBody(robotUpdate) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    { project: 'robot:update' },
    async (c) => {
      const { number } = await robotOf(c, c.req.valid('param').robot_id)
      const change = updateOf(c.req.valid('json'))
      await updateRobot(
        await storeForRobot(c, 'update', number),
        await principalOf(c),
        number,
        change,
      )
      return c.body(null, 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'delete', path, operationId: 'DeleteRobotV1', tags: TAGS },
      summary: 'Delete a robot of a project',
      request: ofRobot,
      responses: { 200: { description: 'Deleted' }, ...errors(400, 401, 403, 404, 422) },
    },
    { project: 'robot:delete' },
    async (c) => {
      const { number } = await robotOf(c, c.req.valid('param').robot_id)
      await deleteRobot(await storeForRobot(c, 'delete', number), await principalOf(c), number)
      return c.body(null, 200)
    },
  )
}
