import { open, type FileHandle } from 'node:fs/promises'
import { CliError } from '../client.ts'

/** Where in a tar archive the bytes of a file lie. */
export type TarEntry = { readonly offset: number; readonly sizeBytes: number }

const BLOCK = 512
const MAX_HEADER_TEXT = 1024 * 1024
const MAX_LINKS = 10

type Header = {
  readonly name: string
  readonly sizeBytes: number
  readonly type: string
  readonly linkName: string
}

/** Files by their path, links followed, without reading what is in them: a large archive takes no longer than a small one. */
export const indexTar = async (path: string): Promise<ReadonlyMap<string, TarEntry>> => {
  const files = new Map<string, TarEntry>()
  const links = new Map<string, string>()
  const handle = await open(path, 'r')
  try {
    for await (const { header, offset } of headersOf(handle, path)) {
      const name = normalize(header.name)
      if (header.type === '0') files.set(name, { offset, sizeBytes: header.sizeBytes })
      // A hard link names its target from the root, a symbolic one from where it lies.
      if (header.type === '1') links.set(name, normalize(header.linkName))
      if (header.type === '2') links.set(name, normalize(`${name}/../${header.linkName}`))
    }
  } finally {
    await handle.close()
  }
  for (const name of links.keys()) {
    let target = name
    for (let hops = 0; hops < MAX_LINKS && !files.has(target); hops += 1) {
      target = links.get(target) ?? target
    }
    const found = files.get(target)
    if (found !== undefined) files.set(name, found)
  }
  return files
}

/** Headers one after the other, with what longer names and sizes before them say. */
const headersOf = async function* (
  handle: FileHandle,
  path: string,
): AsyncGenerator<{ readonly header: Header; readonly offset: number }> {
  const block = Buffer.alloc(BLOCK)
  let extra: Partial<Header> = {}
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(block, 0, BLOCK, at)
    if (bytesRead === 0) return
    if (bytesRead < BLOCK) throw damaged(path)
    if (block.every((byte) => byte === 0)) return
    const own = parseHeader(block, path)
    const offset = at + BLOCK
    const dataBytes = extra.sizeBytes !== undefined && isFile(own) ? extra.sizeBytes : own.sizeBytes
    at = offset + Math.ceil(dataBytes / BLOCK) * BLOCK
    if (own.type === 'x' || own.type === 'L' || own.type === 'K') {
      const text = await readText(handle, offset, own.sizeBytes, path)
      if (own.type === 'x') extra = { ...extra, ...parsePax(text) }
      else if (own.type === 'L') extra = { ...extra, name: untilNul(text) }
      else extra = { ...extra, linkName: untilNul(text) }
      continue
    }
    if (own.type === 'g') continue
    yield { header: { ...own, ...extra }, offset }
    extra = {}
  }
}

const isFile = ({ type }: Header): boolean => type === '0'

const parseHeader = (block: Buffer, path: string): Header => {
  const field = (from: number, length: number): string =>
    untilNul(block.toString('utf8', from, from + length))
  let sum = 0
  for (const [index, byte] of block.entries()) sum += index >= 148 && index < 156 ? 32 : byte
  if (parseInt(field(148, 8), 8) !== sum) throw damaged(path)
  const prefix = field(257, 5) === 'ustar' && block[263] === 0x30 ? field(345, 155) : ''
  const type = String.fromCharCode(block[156] ?? 0)
  return {
    name: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`,
    linkName: field(157, 100),
    // NUL and 7 are files, too (POSIX.1-1988).
    type: type === '\0' || type === '7' ? '0' : type,
    sizeBytes: parseSize(block.subarray(124, 136)),
  }
}

/** Octal digits, or a binary number of which the first bit says so (GNU). */
const parseSize = (field: Buffer): number => {
  if (((field[0] ?? 0) & 0x80) === 0) return parseInt(untilNul(field.toString('latin1')), 8) || 0
  return Number(field.readBigUInt64BE(4))
}

/** Records of `LENGTH KEY=VALUE\n`, whose length is in bytes. */
const parsePax = (text: Buffer): Partial<Header> => {
  const found: { name?: string; linkName?: string; sizeBytes?: number } = {}
  for (let at = 0; at < text.length;) {
    const space = text.indexOf(' ', at)
    const length = Number(text.toString('latin1', at, space))
    if (space < 0 || !(length > 0)) break
    const record = text.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)]
    if (key === 'path') found.name = value
    if (key === 'linkpath') found.linkName = value
    if (key === 'size') found.sizeBytes = Number(value)
    at += length
  }
  return found
}

const readText = async (
  handle: FileHandle,
  offset: number,
  sizeBytes: number,
  path: string,
): Promise<Buffer> => {
  if (sizeBytes > MAX_HEADER_TEXT) throw damaged(path)
  const text = Buffer.alloc(sizeBytes)
  const { bytesRead } = await handle.read(text, 0, sizeBytes, offset)
  if (bytesRead < sizeBytes) throw damaged(path)
  return text
}

const untilNul = (text: string | Buffer): string => {
  const whole = text.toString()
  const end = whole.indexOf('\0')
  return end < 0 ? whole : whole.slice(0, end)
}

const normalize = (name: string): string => {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}

const damaged = (path: string): CliError =>
  new CliError(
    `${path} is no tar archive, or a damaged one (one that is compressed is to be unpacked first)`,
  )
