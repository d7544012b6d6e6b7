import { BenchError } from './options.ts'
import { runTool } from './tools.ts'

/** A load by 16 connections, in which every single answer was a success. */
export type Load = { readonly perSecond: number; readonly p99Ms: number }

const CONNECTIONS = '16'
/** distribution answers 404 for an OCI manifest without it, so every registry is asked with it. */
export const ACCEPT = 'application/vnd.oci.image.manifest.v1+json'

/** GETs by wrk. Throws a `BenchError` when any answer was an error: those are quick and would look good. */
export const getLoad = async (
  url: string,
  seconds: number,
  headers: readonly string[] = [],
): Promise<Load> => {
  const sent = [`Accept: ${ACCEPT}`, ...headers].flatMap((header) => ['-H', header])
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...sent]
  const text = await runTool('wrk', [...args, url])
  const failed = /^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$/m.exec(text)?.[1]
  if (failed !== undefined) throw new BenchError(`GET ${url}: ${failed.trim()}`)
  const [, p99 = '', unit = ''] = /^\s*99%\s+([\d.]+)(us|ms|s)$/m.exec(text) ?? []
  return loadOf(url, /^Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1], Number(p99) * inMs(unit))
}

/**
 * HEADs by hey, for wrk waits for a body that does not come. Throws a `BenchError` as `getLoad` does, except for dropped
 * connections: Go's client repeats such a request and says nothing.
 */
export const headLoad = async (url: string, seconds: number): Promise<Load> => {
  const text = await runTool('hey', ['-z', `${seconds}s`, '-c', CONNECTIONS, '-m', 'HEAD', url])
  const statuses = [...text.matchAll(/^\s+\[(\d+)\]\s+\d+ responses$/gm)].map(([, code]) => code)
  if (text.includes('Error distribution:') || statuses.join() !== '200') {
    throw new BenchError(`HEAD ${url}: answers other than 200 (${statuses.join()})`)
  }
  const p99 = /^\s+99%+ in ([\d.]+) secs$/m.exec(text)?.[1]
  return loadOf(url, /^\s+Requests\/sec:\s+([\d.]+)$/m.exec(text)?.[1], Number(p99) * 1000)
}

const loadOf = (url: string, perSecond: string | undefined, p99Ms: number): Load => {
  if (perSecond === undefined || !Number.isFinite(p99Ms)) {
    throw new BenchError(`${url}: the load generator printed no result`)
  }
  return { perSecond: Number(perSecond), p99Ms }
}

const inMs = (unit: string): number => {
  if (unit === 'us') return 0.001
  return unit === 's' ? 1000 : 1
}
