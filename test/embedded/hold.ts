/** A process of its own for the tests: `node hold.ts DIRECTORY [write]` opens a directory and says how it went. */
import { openEmbedded } from '../../shared/embedded/open.ts'

const [directory = '', mode] = process.argv.slice(2)
const clock = {
  now: () => Date.now(),
  sleep: async () => {
    await Promise.resolve()
  },
}
const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

try {
  const { kv, objects } = await openEmbedded(directory, { clock })
  say('open')
  setInterval(() => undefined, 60_000)
  const write = async (writer: number): Promise<never> => {
    for (let n = 0; ; n += 1) {
      const name = `${writer}-${n}`
      await kv.write({ op: 'put', item: { pk: 'p', sk: name, n } })
      await objects.put(`object/ab/${name}`, [Buffer.from(name)], { ifAbsent: true })
      say(name)
    }
  }
  if (mode === 'write') await Promise.all([0, 1, 2, 3].map(write))
} catch (error) {
  say(error instanceof Error ? `${error.name}: ${error.message}` : String(error))
  process.exit(1)
}
