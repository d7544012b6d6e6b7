/** MiniStack, an emulator of AWS in Python: all services that the stack needs, HTTP APIs and Lambda among them. */
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { installPython, pythonIn } from './python.ts'

const MINISTACK_VERSION = '1.5.33'

/** What it answers as soon as it serves. */
export const MINISTACK_HEALTH = '/_ministack/health'

const ministackDirectory = (cacheDir: string): string =>
  join(cacheDir, `ministack-${MINISTACK_VERSION}`)

/** Whether an earlier installation is complete. */
export const isMinistackInstalled = (cacheDir: string): boolean =>
  existsSync(ministackDirectory(cacheDir))

/** Installs MiniStack unless it is there; needs `python3` with `venv`. */
export const installMinistack = async (cacheDir: string): Promise<void> => {
  const packages = [`ministack==${MINISTACK_VERSION}`, 'boto3', 'cryptography']
  await installPython(ministackDirectory(cacheDir), packages)
}

export type MinistackOptions = {
  readonly port: number
  /** Whether policies are enforced. By default everybody may do everything. */
  readonly enforcesIam?: boolean
}

/** How it is started. Functions inherit its environment, so there are no credentials in it, and this Node comes first. */
export const ministackCommand = (
  cacheDir: string,
  { enforcesIam = false, port }: MinistackOptions,
) => {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  return {
    program: pythonIn(ministackDirectory(cacheDir)),
    args: ['-m', 'ministack'],
    env: {
      ...Object.fromEntries(inherited),
      PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: 'localhost',
      LAMBDA_EXECUTOR: 'local',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      ...(enforcesIam && { AUTH: 'true' }),
    },
  }
}
