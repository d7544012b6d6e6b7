/** `node door.ts PORT API`: an emulated HTTP API at the root of a port, until it is ended. */
import { startGateway } from './gateway.ts'

const [port = '', api = ''] = process.argv.slice(2)
const { stop, url } = await startGateway(new URL(api), Number(port))
process.stdout.write(`${url} leads to ${api}\n`)
process.once('SIGTERM', () => {
  void stop()
})
