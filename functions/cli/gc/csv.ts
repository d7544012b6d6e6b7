import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { deletion } from './api.ts'

const COLUMNS = ['kind', 'digest', 'project', 'repository', 'size', 'reason', 'object'] as const

/** Lines of JSON as comma-separated values (RFC 4180). */
export const csvOf = async function* (input: Readable): AsyncGenerator<string> {
  yield `${COLUMNS.join(',')}\r\n`
  for await (const line of createInterface({ input })) {
    const told = deletion.parse(JSON.parse(line))
    yield `${COLUMNS.map((column) => cell(String(told[column] ?? ''))).join(',')}\r\n`
  }
}

const cell = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
