/** What a function with these two libraries cannot go below: routes that answer, and tokens that are verified. */
import { Hono } from 'hono'
import { createLocalJWKSet, jwtVerify } from 'jose'

const keys = createLocalJWKSet({ keys: [] })

/** As a function exports it. */
export const handler = new Hono().get('/:token', async (c) => {
  const { payload } = await jwtVerify(c.req.param('token'), keys)
  return c.json(payload)
}).fetch
