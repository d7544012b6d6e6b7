import { expect } from 'vitest'
import { digestOf, type Digest } from '../../../shared/oci/digest.ts'
import { surround, type Around } from '../../support/around.ts'
import { imageJson, pushBlob, putManifest, type TestApp } from '../../support/app.ts'
import { createCollectedRegistry, type CollectedRegistry } from '../../support/gc.ts'

export type Momentous = CollectedRegistry & {
  /**
   * Has something happen right before the worker makes a call whose arguments say some things; once. Answers whether it
   * has.
   */
  readonly before: (
    method: string,
    says: readonly string[],
    what: () => Promise<void>,
  ) => () => boolean
  /** How many calls of ports the worker made. */
  readonly calls: () => number
}

/** A registry in whose collector's work other things can happen at just the wrong moment. */
export const createMomentous = (): Momentous => {
  const moments = new Set<{
    readonly isNow: (method: string, args: string) => boolean
    readonly what: () => Promise<void>
  }>()
  let calls = 0
  const around: Around = async (method, call, args) => {
    calls += 1
    const text = JSON.stringify(args)
    for (const moment of moments) {
      if (!moment.isNow(method, text)) continue
      moments.delete(moment)
      await moment.what()
    }
    return await call()
  }
  const world = createCollectedRegistry({
    worker: ({ kv, objects }) => ({ kv: surround(kv, around), objects: surround(objects, around) }),
  })
  return {
    ...world,
    before: (method, says, what) => {
      const moment = {
        what,
        isNow: (other: string, args: string) =>
          other === method && says.every((each) => args.includes(each)),
      }
      moments.add(moment)
      return () => !moments.has(moment)
    },
    calls: () => calls,
  }
}

/** Pushes as a client does: asks for every blob, sends what is missing, then the manifest. */
export const push = async (
  registry: TestApp,
  name: string,
  reference: string,
  layers: readonly string[],
  extra: Readonly<Record<string, unknown>> = {},
): Promise<Digest> => {
  for (const content of ['{}', ...layers]) {
    const path = `/v2/${name}/blobs/${digestOf(content)}`
    const { status } = await registry.app.request(path, { method: 'HEAD' })
    if (status !== 200) await pushBlob(registry, name, content)
  }
  const json = imageJson('{}', layers, extra)
  const response = await putManifest(registry, name, reference, json)
  expect(response.status, await response.text()).toBe(201)
  return digestOf(json)
}

/** Pulls a manifest and every blob of it, byte for byte. */
export const expectWhole = async (
  { app }: TestApp,
  name: string,
  reference: string,
  layers: readonly string[],
): Promise<void> => {
  const manifest = await app.request(`/v2/${name}/manifests/${reference}`)
  expect(manifest.status, `${name} ${reference}`).toBe(200)
  for (const content of ['{}', ...layers]) {
    const blob = await app.request(`/v2/${name}/blobs/${digestOf(content)}`)
    expect(await blob.text(), `${name} ${content}`).toBe(content)
  }
}
