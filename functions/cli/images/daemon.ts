import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../client.ts'

const DEFAULT_SOCKET = '/var/run/docker.sock'
const MAX_SHOWN = 500

/**
 * Saves an image of a running Docker, or of a Podman that serves its API, into a file, as `docker save` does: by its
 * socket where that is a local one, else by the docker command, which knows contexts and remote daemons.
 */
export const saveFromDaemon = async (
  image: string,
  path: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<void> => {
  const host = process.env['DOCKER_HOST'] ?? `unix://${DEFAULT_SOCKET}`
  const counted = async function* (pieces: AsyncIterable<Buffer>) {
    for await (const piece of pieces) {
      onBytes(piece.byteLength)
      yield piece
    }
  }
  const file = createWriteStream(path, { mode: 0o600 })
  if (host.startsWith('unix://')) {
    const answer = await askSocket(host.slice('unix://'.length), image, signal)
    await pipeline(answer, counted, file, { signal })
    return
  }
  const child = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'pipe'], signal })
  const said = text(child.stderr)
  const ended = once(child, 'close')
  ended.catch(() => undefined)
  await pipeline(child.stdout, counted, file, { signal })
  await ended
  if (child.exitCode !== 0) throw new CliError(`docker save ${image}: ${(await said).trim()}`)
}

const askSocket = async (
  socketPath: string,
  image: string,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const path = `/images/${encodeURIComponent(image)}/get`
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ socketPath, path, headers: { Host: 'docker' }, signal }, resolve)
    sent.once('error', (error) => {
      reject(
        new CliError(
          `no Docker answers at ${socketPath} (DOCKER_HOST says where): ${error.message}`,
          {
            cause: error,
          },
        ),
      )
    })
    sent.end()
  })
  if (answer.statusCode === 200) return answer
  const said = (await text(answer)).slice(0, MAX_SHOWN)
  throw new CliError(`Docker has no image ${image}: ${said.trim()}`)
}
