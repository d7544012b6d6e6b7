import type { SoakResult } from './soak.ts'

const countBy = <T>(
  list: readonly T[],
  nameOf: (one: T) => string,
): readonly (readonly [string, number])[] => {
  const counts = new Map<string, number>()
  for (const one of list) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1)
  return [...counts].toSorted(([a], [b]) => a.localeCompare(b))
}

/** What happened, for the end of a soak. */
export const summarize = ({ events, wrong, ...result }: SoakResult): string => {
  const done = events.filter(({ promised }) => promised === undefined)
  const refused = events.filter(({ promised }) => promised !== undefined)
  return [
    `${done.length} runs of clients done, ${result.requests} requests, ${result.mounts} mounts`,
    `${result.imagesMade} images, of which ${result.imagesLeft} are alive`,
    ...countBy(done, ({ client, kind }) => `${client} ${kind}`).map(
      ([name, count]) => `  ${name.padEnd(24)} ${count}`,
    ),
    `${refused.length} told no:`,
    ...countBy(refused, ({ promised }) => promised ?? '').map(
      ([why, count]) => `  ${count}  ${why}`,
    ),
    ...(result.peakMemoryMb === undefined
      ? []
      : [`the server had ${Math.round(result.peakMemoryMb)} MB at its peak`]),
    wrong.length === 0
      ? 'nothing is broken; what is stored is what is alive'
      : `${wrong.length} WRONG:\n${wrong.slice(0, 20).join('\n')}`,
  ].join('\n')
}
