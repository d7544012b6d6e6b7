import { tell, type Telling, type Told } from './story.ts'

/** Kinds of stories, each of which is told under many seeds. */
export const STORIES = {
  /** Pushes and deletes, and the most eager collectors that there can be. */
  push: { collectors: 4 },
  /** Pushes and deletes, and the workers of the product; in the end nothing is left but what is in use. */
  gc: { collectors: 0, workers: 4, isSettled: true },
  /** The most eager collectors, which take whatever no tag and no index holds. */
  eager: { collectors: 4, deletesUntagged: true },
  /** As `gc`, and whatever no tag holds goes as soon as a worker sees it. */
  untagged: { collectors: 0, workers: 4, isSettled: true, deletesUntagged: true },
  /** As `gc`, and blobs are pulled and deleted all the time. */
  pulls: { collectors: 0, workers: 4, isSettled: true, pullsMuch: true },
  /** As `gc`, and what was deleted is brought back. */
  trash: { collectors: 0, workers: 4, isSettled: true, undeletesMuch: true },
  /** The same, beside collectors that empty the trash at any moment. */
  eagerTrash: { collectors: 4, undeletesMuch: true },
  /** As `gc`, and indexes come and go, and their parts get tags and lose them. */
  indexes: { collectors: 0, workers: 4, isSettled: true, indexesMuch: true },
  /** As `gc`, and dry runs all the while. */
  dryRun: { clients: 1, collectors: 0, workers: 2, foreseers: 2, isSettled: true },
  /** As `gc`, and audits all the while, which find nothing. */
  audit: { collectors: 0, workers: 3, auditors: 2, isSettled: true },
  /** As `indexes`, and audits. */
  auditIndexes: { collectors: 0, workers: 3, auditors: 2, isSettled: true, indexesMuch: true },
  /** As `untagged`, and audits. */
  auditUntagged: { collectors: 0, workers: 3, auditors: 2, isSettled: true, deletesUntagged: true },
} as const satisfies Readonly<Record<string, Partial<Telling>>>

export type StoryKind = keyof typeof STORIES

export const isStoryKind = (name: string): name is StoryKind => Object.hasOwn(STORIES, name)

/** What a story of a kind may have less of, so that less is to be looked at when it breaks. */
export type Size = { readonly steps: number; readonly clients?: number; readonly others?: number }

export const tellOf = async (
  kind: StoryKind,
  seed: number,
  { clients, others, steps }: Size,
  mutate?: Telling['mutate'],
): Promise<Told> => {
  const most = STORIES[kind]
  return await tell({
    ...most,
    ...{ seed, steps },
    ...(mutate !== undefined && { mutate }),
    ...(clients !== undefined && { clients }),
    ...(others !== undefined && { [most.collectors === 0 ? 'workers' : 'collectors']: others }),
  })
}

const SMALLER: readonly Omit<Size, 'steps'>[] = [1, 2, 3].flatMap((clients) =>
  [1, 2, 4].map((others) => ({ clients, others })),
)

/**
 * Tells a story. If it breaks, it is told with fewer and fewer processes, and what breaks soonest is reported: the seed,
 * the step, and the command that tells it again.
 */
export const judge = async (
  kind: StoryKind,
  seed: number,
  size: Size,
  mutate?: Telling['mutate'],
): Promise<Told & { readonly report: string | undefined }> => {
  const told = await tellOf(kind, seed, size, mutate)
  if (told.broken === undefined) return { ...told, report: undefined }
  let least = { size: { ...size, steps: told.steps }, broken: told.broken }
  for (const smaller of SMALLER) {
    const { broken, steps } = await tellOf(kind, seed, { ...smaller, steps: size.steps }, mutate)
    if (broken === undefined || steps >= least.size.steps) continue
    least = { size: { ...smaller, steps }, broken }
  }
  const { clients, others, steps } = least.size
  const options = [
    `--story ${kind} --seed ${seed} --steps ${steps}`,
    ...(clients === undefined ? [] : [`--clients ${clients}`]),
    ...(others === undefined ? [] : [`--others ${others}`]),
  ]
  const report = [
    `seed ${seed} of ${kind} breaks: ${told.broken}`,
    `and with the least to look at: ${least.broken}`,
    `again: npm run soak:simulate -- ${options.join(' ')}`,
  ].join('\n')
  return { ...told, report }
}
