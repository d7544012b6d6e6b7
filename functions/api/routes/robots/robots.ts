import { setRobotSecret, deleteRobot, updateRobot } from '../../../../shared/robots/change.ts'
import { createRobot } from '../../../../shared/robots/create.ts'
import { readRobot } from '../../../../shared/robots/list.ts'
import { assertMayRead } from '../../../../shared/robots/manage.ts'
import { principalOf } from '../../access.ts'
import type { Api } from '../../factory.ts'
import { locationOf } from '../../http/created.ts'
import { listQuery, listRequestOf } from '../../http/listing.ts'
import { errors, json, jsonBody, jsonPage } from '../../http/schemas.ts'
import { route } from '../../route.ts'
import {
  newRobot,
  robotCreated,
  robotInPath,
  robotResponse,
  robotSecret,
  robotUpdate,
  shownCreated,
  shownRobot,
  updateOf,
} from './robot-json.ts'
import { storeForNewRobot, storeForRobot } from './robot-audit.ts'
import { listedProject, robotPage } from './robots-list.ts'

const TAGS = ['robot']

/**
 * Robots of the system and of projects. Who may do what to one depends on its level, its project and its rights, so every
 * use case decides for itself, once it is known who asks.
 */
export const addRobots = (api: Api): void => {
  route(
    api,
    {
      ...{ method: 'get', path: '/robots', operationId: 'ListRobot', tags: TAGS },
      summary: 'Robots of the system, or with q=Level=project,ProjectID=1 those of a project',
      request: { query: listQuery },
      responses: { 200: jsonPage(robotResponse, 'Robots'), ...errors(400, 401, 403, 404, 422) },
    },
    'authenticated',
    async (c) => {
      const request = listRequestOf(c.req.valid('query'))
      const robots = await robotPage(c, request, await listedProject(c, request.query))
      return c.json(robots.map(shownRobot), 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'post', path: '/robots', operationId: 'CreateRobot', tags: TAGS },
      summary: 'Make a robot with no more rights than one’s own; its secret is shown this once',
      request: { body: jsonBody(newRobot) },
      responses: {
        201: json(robotCreated, 'The robot, with its secret'),
        ...errors(400, 401, 403, 404, 409, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { duration, disable, ...rest } = c.req.valid('json')
      const given = { ...rest, durationDays: duration, isDisabled: disable }
      const principal = await principalOf(c)
      const made = await createRobot(await storeForNewRobot(c, principal, given), principal, given)
      c.header('Location', locationOf(c, { id: made.robot.number, name: made.robot.name }))
      return c.json(shownCreated(made), 201)
    },
  )

  addRobot(api)
}

const addRobot = (api: Api): void => {
  const path = '/robots/{robot_id}'

  route(
    api,
    {
      ...{ method: 'get', path, operationId: 'GetRobotByID', tags: TAGS },
      summary: 'A robot',
      request: { params: robotInPath },
      responses: { 200: json(robotResponse, 'The robot'), ...errors(401, 403, 404, 422) },
    },
    'authenticated',
    async (c) => {
      const { store } = c.get('deps')
      const robot = await readRobot(store, c.req.valid('param').robot_id)
      await assertMayRead(store, await principalOf(c), robot)
      return c.json(shownRobot(robot), 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'put', path, operationId: 'UpdateRobot', tags: TAGS },
      summary: 'Change a robot as a whole; its name, level and project stay',
      request: { params: robotInPath, body: jsonBody(robotUpdate) },
      responses: {
        200: { description: 'Changed' },
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { robot_id: number } = c.req.valid('param')
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
      ...{ method: 'patch', path, operationId: 'RefreshSec', tags: TAGS },
      summary: 'Give a robot another secret: the one that is sent, or one that is shown this once',
      request: { params: robotInPath, body: jsonBody(robotSecret) },
      responses: {
        200: json(robotSecret, 'The secret, if it was made here'),
        ...errors(400, 401, 403, 404, 413, 415, 422),
      },
    },
    'authenticated',
    async (c) => {
      const { secret: given = '' } = c.req.valid('json')
      const { robot_id: number } = c.req.valid('param')
      const store = await storeForRobot(c, 'update', number, 'secret')
      const secret = await setRobotSecret(store, await principalOf(c), number, given)
      return c.json(given === '' ? { secret } : {}, 200)
    },
  )

  route(
    api,
    {
      ...{ method: 'delete', path, operationId: 'DeleteRobot', tags: TAGS },
      summary: 'Delete a robot; its name is free at once',
      request: { params: robotInPath },
      responses: { 200: { description: 'Deleted' }, ...errors(401, 403, 404, 422) },
    },
    'authenticated',
    async (c) => {
      const { robot_id: number } = c.req.valid('param')
      await deleteRobot(await storeForRobot(c, 'delete', number), await principalOf(c), number)
      return c.body(null, 200)
    },
  )
}
