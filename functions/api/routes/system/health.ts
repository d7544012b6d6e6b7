import { key } from '../../../../shared/table.ts'
import type { ProvidedDeps } from '../../deps.ts'

type ComponentHealth = {
  readonly name: string
  readonly status: 'healthy' | 'unhealthy'
  readonly error?: string
}
export type Health = {
  status: ComponentHealth['status']
  components: ComponentHealth[]
}

/** How the components are: this API answers, so it is well; the table is well when it can be read. */
export const readHealth = async (
  { store, probes = {}, reportError }: ProvidedDeps,
  requestId: string,
): Promise<Health> => {
  const all = {
    // Read once, not again and again until it works: whoever asks wants to know how it is now.
    database: async () => await store.kv.get(key.counter('projects'), 'eventual'),
    ...probes,
  }
  const probed = await Promise.all(
    Object.entries(all).map(async ([name, probe]): Promise<ComponentHealth> => {
      try {
        await probe()
        return { name, status: 'healthy' }
      } catch (error) {
        reportError(error, requestId)
        return { name, status: 'unhealthy', error: 'it cannot be reached; the log says why' }
      }
    }),
  )
  const isHealthy = probed.every(({ status }) => status === 'healthy')
  return {
    status: isHealthy ? 'healthy' : 'unhealthy',
    components: [{ name: 'core', status: 'healthy' }, ...probed],
  }
}
