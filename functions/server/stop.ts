import type { Server } from 'node:http'

/** Requests in flight may take this long when the server is asked to stop. */
const GRACE_MS = 10_000
const SWEEP_MS = 50
const SIGNALS = ['SIGTERM', 'SIGINT'] as const
const SIGNAL_EXIT_CODE = 1

/**
 * Waits for a signal to stop, then for the requests in flight, ten seconds at most unless told otherwise. A second signal
 * ends the process at once.
 */
export const untilStopped = async (
  server: Server,
  onStopping: () => void,
  graceMs = GRACE_MS,
): Promise<void> => {
  await new Promise<void>((resolve) => {
    for (const signal of SIGNALS)
      process.once(signal, () => {
        resolve()
      })
  })
  onStopping()
  for (const signal of SIGNALS) process.once(signal, () => process.exit(SIGNAL_EXIT_CODE))
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
  // Connections become idle as their requests are answered, and clients may keep them for long.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
  }, SWEEP_MS)
  const timer = setTimeout(() => {
    server.closeAllConnections()
  }, graceMs)
  await closed
  clearTimeout(timer)
  clearInterval(sweep)
}
