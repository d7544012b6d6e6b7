import { formatBytes } from '../bytes.ts'
import type { Clock } from '../ports.ts'
import { onceAnHour } from '../store/once-an-hour.ts'
import type { RegistryContext } from './context.ts'

/** Tells people of projects that have used most of their storage, of each once an hour, however much is pushed into it. */
export const createQuotaWarnings = (
  clock: Pick<Clock, 'now'>,
  tell: (message: string, fields: Readonly<Record<string, string>>) => void,
): RegistryContext['quotaWarned'] =>
  onceAnHour(
    clock,
    ({ pid }) => pid,
    ({ limitBytes, project, usedBytes }) => {
      tell('a project has used most of its storage', {
        ...{ project, used: formatBytes(usedBytes), limit: formatBytes(limitBytes) },
      })
    },
  )
