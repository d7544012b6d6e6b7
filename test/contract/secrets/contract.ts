/** What `ports.ts` promises of `Secrets`, as tests over any adapter. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect } from 'vitest'
import type { Secrets } from '../../../shared/ports.ts'
import { guaranteesExcept, type Deviations } from '../guarantee.ts'

type Opened = {
  readonly secrets: Secrets
  /** Keeps a text as whoever deploys does, and answers by which other name it is to be had. */
  readonly keep: (name: string, text: string) => Promise<string>
}

/** Holds one adapter to the contract. */
export const secretsContract = (
  name: string,
  open: () => Promise<Opened>,
  deviations: Deviations = {},
): void => {
  describe(`Secrets: ${name}`, () => {
    let opened: Opened
    beforeAll(async () => {
      opened = await open()
    })
    const guarantee = guaranteesExcept(deviations)

    guarantee('a secret is read as it was kept, by each of its names', async () => {
      const text = ` {"a":"é 😀"}\t${randomUUID()}\n`
      const name = `s-${randomUUID()}`
      const other = await opened.keep(name, text)
      expect(await opened.secrets.read(name)).toBe(text)
      expect(await opened.secrets.read(other)).toBe(text)
    })

    guarantee('what nobody kept is absent, and so it stays', async () => {
      const name = `s-${randomUUID()}`
      expect(await opened.secrets.read(name)).toBeUndefined()
      expect(await opened.secrets.read(name)).toBeUndefined()
    })

    guarantee('a secret is read while others are', async () => {
      const names = Array.from({ length: 5 }, () => `s-${randomUUID()}`)
      for (const one of names) await opened.keep(one, `text of ${one}`)
      const texts = await Promise.all(names.map(async (one) => await opened.secrets.read(one)))
      expect(texts).toEqual(names.map((one) => `text of ${one}`))
    })
  })
}
