import { createHash } from 'node:crypto'
import * as z from 'zod'
import { markup, type Html } from './html.ts'

const anySchema = z.record(z.string(), z.unknown())
const content = z.record(z.string(), z.object({ schema: anySchema.optional() }))
const operation = z.object({
  operationId: z.string().optional(),
  summary: z.string().default(''),
  tags: z.array(z.string()).default([]),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.string(),
        required: z.boolean().default(false),
        schema: anySchema.default({}),
        description: z.string().optional(),
      }),
    )
    .default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ description: z.string().default('') })),
})
const description = z.object({
  info: z.object({ title: z.string(), version: z.string() }),
  servers: z.array(z.object({ url: z.string() })).default([]),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), anySchema).default({}) }).optional(),
})

type Description = z.output<typeof description>
type Operation = z.output<typeof operation>

/** What the page shows of an OpenAPI document. */
export const parseDescription = (document: unknown): Description => description.parse(document)

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;background:#8881}
details{border-bottom:1px solid #8884;padding:.4rem 0}summary{cursor:pointer}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}
b.method{display:inline-block;min-width:4.5rem;text-transform:uppercase}:root{color-scheme:light dark}`

/** No script runs on the page, and nothing is loaded: its only style is named by its hash. */
export const DOCS_POLICY = {
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${createHash('sha256')
    .update(STYLE)
    .digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
} as const

/** A page of HTML that shows every operation and every schema. */
export const docsPage = ({ info, servers, paths, components }: Description): string => {
  const base = servers[0]?.url ?? ''
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, of]) => ({ path: `${base}${path}`, method, of })),
  )
  const tags = [...new Set(operations.map(({ of }) => tagOf(of)))].sort()
  const style: Html = { html: STYLE }
  return markup`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${info.title}</title><style>${style}</style></head>
<body>
<h1>${info.title} ${info.version}</h1>
<p>For programs: <a href="openapi.json">openapi.json</a></p>
${tags.map(
  (tag) => markup`<h2>${tag}</h2>
${operations
  .filter(({ of }) => tagOf(of) === tag)
  .map(({ path, method, of }) => operationHtml(path, method, of))}`,
)}
<h2>Schemas</h2>
${Object.entries(components?.schemas ?? {}).map(
  ([name, schema]) => markup`<details><summary>${name}</summary>${schemaHtml(schema)}</details>
`,
)}
</body>
</html>
`.html
}

const tagOf = ({ tags }: Operation): string => tags[0] ?? 'other'

const operationHtml = (path: string, method: string, of: Operation): Html => markup`<details>
<summary><b class="method">${method}</b> <code>${path}</code> ${of.summary}</summary>
${of.parameters.length === 0 ? '' : parametersHtml(of.parameters)}
${Object.entries(of.requestBody?.content ?? {}).map(
  ([type, { schema = {} }]) => markup`<p>Body: ${type}</p>${schemaHtml(schema)}`,
)}
<table>${Object.entries(of.responses).map(
  ([status, { description: text }]) => markup`<tr><td>${status}</td><td>${text}</td></tr>`,
)}</table>
</details>
`

const parametersHtml = (parameters: Operation['parameters']): Html =>
  markup`<table>${parameters.map(
    ({ name, in: where, required, schema, description: text }) =>
      markup`<tr><td><code>${name}</code></td><td>${where}${required ? ', required' : ''}</td>
<td><code>${JSON.stringify(schema)}</code></td><td>${text ?? ''}</td></tr>`,
  )}</table>`

const schemaHtml = (schema: Readonly<Record<string, unknown>>): Html =>
  markup`<pre>${JSON.stringify(schema, undefined, 2)}</pre>`
