/** `npm run local:down`: ends what `npm run local:up` left running. */
import { endLocal } from './end.ts'
import { print, runLocal } from './main.ts'
import { readState } from './state.ts'

await runLocal('local:down', async ({ data }) => {
  const state = readState(data)
  if (state === undefined) {
    print('Nothing is running.')
    return
  }
  await endLocal(data, state)
  print(
    state.emulator === undefined
      ? `Ended, and deleted the stack at ${state.endpoint}.`
      : 'Ended, with everything that was pushed to it.',
  )
})
