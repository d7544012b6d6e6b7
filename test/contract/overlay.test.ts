import { openMemory } from '../../shared/memory/open.ts'
import { overlayKv } from '../../shared/overlay/kv.ts'
import { kvContract } from './kv/contract.ts'

kvContract(
  'overlay',
  async () =>
    await Promise.resolve({
      kv: overlayKv(openMemory().kv),
      close: async () => {
        await Promise.resolve()
      },
    }),
)
