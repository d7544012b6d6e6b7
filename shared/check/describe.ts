import { createNames } from '../gc/names.ts'
import type { Run } from '../schedules/items.ts'
import type { Store } from '../store/store.ts'
import { FINDINGS } from './finding.ts'
import { readFindings, type FindingLine } from './log.ts'

/** What a run says, and a line for each thing that it found, as people read them. */
export const describeAudit = async function* (store: Store, run: Run): AsyncGenerator<string> {
  yield* run.log.split('\n').filter((line) => line !== '')
  for await (const told of tellFindings(store, run.number)) {
    const { severity, time, what, where } = told
    yield `${time} ${severity}: ${where}: ${what}`
  }
}

/** A finding with the names that people know. */
export type ToldFinding = Omit<FindingLine, 'at' | 'isMended' | 'pid' | 'rid'> & {
  readonly time: string
  readonly severity: 'lost' | 'broken' | 'leaked'
  readonly what: string
  readonly where: string
  readonly project?: string | undefined
  readonly repository?: string | undefined
  readonly mended: boolean
}

/** What a run found, the oldest first. */
export const tellFindings = async function* (
  store: Store,
  run: number,
): AsyncGenerator<ToldFinding> {
  const names = createNames(store)
  for await (const { at, isMended, kind, pid, rid, ...about } of readFindings(store, run)) {
    const { sentence, severity } = FINDINGS[kind]
    const project = pid === undefined ? undefined : await names.project(pid)
    const repository =
      pid === undefined || rid === undefined ? undefined : await names.repository(pid, rid)
    yield {
      ...{ time: new Date(at).toISOString(), severity, kind, what: sentence },
      where: whereOf({ ...about, project, repository }),
      ...{ project, repository, ...about, mended: isMended },
    }
  }
}

const whereOf = ({
  blob,
  manifest,
  oid,
  project,
  repository,
  tag,
}: Pick<ToldFinding, 'blob' | 'manifest' | 'oid' | 'project' | 'repository' | 'tag'>): string =>
  [
    repository ?? (project === undefined ? undefined : `project ${project}`),
    tag === undefined ? undefined : `tag ${tag}`,
    manifest === undefined ? undefined : `manifest ${manifest}`,
    blob === undefined ? undefined : `blob ${blob}`,
    oid === undefined ? undefined : `object ${oid}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
