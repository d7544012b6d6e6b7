import { auditStorage, BEGINNING, NONE, type Place } from '../../shared/check/audit.ts'
import { FINDINGS } from '../../shared/check/finding.ts'
import { readFindings } from '../../shared/check/log.ts'
import { createProjectsOf } from '../../shared/check/projects.ts'
import { PortError } from '../../shared/ports.ts'
import type { Story } from './clients.ts'
import type { Registry } from './registry.ts'

/** Items to a page at most: the smaller, the more comes in between. */
const MOST_ON_A_PAGE = 40

/**
 * A process that audits the store over and over, however much goes on in it; it leaves off and goes on as the product does.
 * Nothing that it finds may be lost or broken, for nothing is; what it finds to be garbage is judged in the end, when none
 * may be left.
 */
export const runAuditor = async (story: Story, registry: Registry): Promise<void> => {
  const { random, scheduler } = story.world
  const { objects, store } = registry.context
  let run = 1_000_000 * (1 + random.below(1_000))
  for (;;) {
    run += 1
    let place: Place | undefined = BEGINNING
    let counts = NONE
    try {
      while (place !== undefined) {
        let pages = 1 + random.below(10)
        const audited = await auditStorage({
          context: {
            // No margin: everything is looked at, however young it is.
            ...{ store, objects, before: scheduler.now() },
            ...createProjectsOf(store, false),
          },
          ...{ run, place, counts, pageItems: 1 + random.below(MOST_ON_A_PAGE) },
          isStopped: () => pages-- <= 0,
        })
        place = audited.place
        counts = audited.counts
      }
      if (counts.lost + counts.broken + counts.leaked > 0) await judge(story, registry, run)
      story.done.set('audit', (story.done.get('audit') ?? 0) + 1)
      await registry.process.clock.sleep(random.below(500))
    } catch (error) {
      if (!(error instanceof PortError)) throw error
    }
  }
}

const judge = async (story: Story, { context }: Registry, run: number): Promise<void> => {
  for await (const line of readFindings(context.store, run)) {
    const { severity } = FINDINGS[line.kind]
    story.done.set(severity, (story.done.get(severity) ?? 0) + 1)
    if (severity !== 'leaked') story.broken.push(`a false alarm: ${JSON.stringify(line)}`)
    else story.leaked.push(JSON.stringify(line))
  }
}
