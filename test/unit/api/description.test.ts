import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { createTestApi } from './support.ts'

const operation = z.object({
  operationId: z.string().optional(),
  parameters: z.array(z.object({ name: z.string(), in: z.string() })).default([]),
  requestBody: z
    .object({ content: z.record(z.string(), z.object({ schema: z.unknown() })) })
    .optional(),
  responses: z.record(z.string(), z.unknown()),
})
const described = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
})

const describeApi = async () => {
  const { get } = createTestApi()
  const document = described.parse(await (await get('/openapi.json')).json())
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, one]) => ({ path, method: method.toUpperCase(), ...operation.parse(one) })),
  )
  return { document, operations }
}

const SURROGATE = '\ud800'
const PATH_VALUES = [
  '1',
  '0',
  '-1',
  '2147483647',
  '99999999999999999999',
  'x',
  '%00',
  '%ff',
  '%25zz',
]
const QUERY_VALUES = ['', '0', '-1', '101', 'x', '%00', 'a=', 'a=[1~2]', '%ED%A0%80', '99999999999']

/** Bodies that a client should not send, and the names that the description knows with values of every type. */
const bodiesFor = (names: readonly string[]): readonly string[] => [
  '',
  '{',
  'null',
  '[]',
  '{}',
  '"text"',
  ...[
    null,
    0,
    -1,
    1.5,
    1e300,
    '',
    'a',
    'x'.repeat(3_000),
    SURROGATE,
    '\u0000',
    true,
    [],
    [{}],
    {},
  ].map((value) => JSON.stringify(Object.fromEntries(names.map((name) => [name, value])))),
]

const namesIn = (
  schema: unknown,
  schemas: Readonly<Record<string, unknown>>,
): readonly string[] => {
  const found = z
    .object({
      $ref: z.string().optional(),
      properties: z.record(z.string(), z.unknown()).default({}),
    })
    .safeParse(schema).data
  const of = found?.$ref === undefined ? undefined : schemas[found.$ref.split('/').at(-1) ?? '']
  return of === undefined ? Object.keys(found?.properties ?? {}) : namesIn(of, schemas)
}

describe('the description of the API', () => {
  it('names every operation once', async () => {
    const { operations } = await describeApi()
    const ids = operations.map(
      ({ operationId, method, path }) => operationId ?? `${method} ${path}`,
    )
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    expect(ids.filter((id) => id.includes(' '))).toEqual([])
  })

  it.each(['nobody', 'user', 'robot', 'admin'])(
    'tells every status that %s can be answered, and none is a failure of ours',
    async (who) => {
      const { document, operations } = await describeApi()
      const { get, failures } = createTestApi()
      const undocumented = new Set<string>()
      const ask = async (one: (typeof operations)[number], path: string, body?: string) => {
        const headers = { 'Content-Type': 'application/json' }
        const init = { method: one.method, ...(body === undefined ? {} : { body, headers }) }
        const { status } = await get(path, who === 'nobody' ? undefined : who, init)
        if (one.responses[status] === undefined) {
          undocumented.add(
            `${one.method} ${one.path}: ${status} for ${path} ${body?.slice(0, 99) ?? ''}`,
          )
        }
      }
      for (const one of operations) {
        const filled = (value: string) => one.path.replaceAll(/\{[^}]+\}/g, value)
        for (const value of one.path.includes('{') ? PATH_VALUES : [''])
          await ask(one, filled(value))
        const queries = one.parameters.filter((parameter) => parameter.in === 'query')
        for (const { name } of queries) {
          for (const value of QUERY_VALUES) await ask(one, `${filled('1')}?${name}=${value}`)
        }
        const schema = one.requestBody?.content['application/json']?.schema
        if (schema === undefined) continue
        for (const body of bodiesFor(namesIn(schema, document.components.schemas))) {
          await ask(one, filled('1'), body)
        }
      }
      expect([...undocumented]).toEqual([])
      expect(failures).toEqual([])
    },
  )
})
