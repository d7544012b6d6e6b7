/** Reads by way of CloudFront: what its signature allows, and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAws } from '../../shared/aws/open.ts'
import type { Objects } from '../../shared/ports.ts'
import { guaranteesExcept } from '../contract/guarantee.ts'
import { signedReads } from '../contract/objects/signed-reads.ts'
import { sendByHttp, type ObjectsSubject } from '../contract/objects/subject.ts'
import { CREDENTIALS, startMinistack } from '../tools/endpoints/start.ts'
import { startEdge, type Edge } from './edge.ts'
import { createBucket } from './store.ts'

Object.assign(process.env, CREDENTIALS)
const region = CREDENTIALS.AWS_REGION

const cleanUps: (() => Promise<void>)[] = []
let edge: Edge
let objects: Objects
let keyReads = 0

beforeAll(async () => {
  const { endpoint, stop } = await startMinistack()
  cleanUps.push(stop)
  const where = { table: 'none', bucket: await createBucket(endpoint), region, endpoint }
  edge = await startEdge(openAws(where).objects)
  cleanUps.push(edge.stop)
  const distribution = {
    ...{ url: edge.url, keyId: edge.keyId },
    readPrivateKey: () => {
      keyReads += 1
      return Promise.resolve(edge.privateKey)
    },
  }
  ;({ objects } = openAws({ ...where, distribution }))
})

afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp()
})

describe('signed reads of objects behind a distribution', () => {
  const subject: ObjectsSubject = {
    get objects() {
      return objects
    },
    guarantee: guaranteesExcept({}),
    send: sendByHttp,
  }
  signedReads(subject)

  const read = async (from: Objects): Promise<URL> => {
    const options = { expiresInSeconds: 60, contentType: 'application/octet-stream' }
    return new URL((await from.signedRead('object/ab/c', options)) ?? '')
  }

  it('lead to the distribution and nowhere else, and say nothing of the bucket', async () => {
    const url = await read(objects)
    expect([url.origin, url.pathname]).toEqual([edge.url, '/object/ab/c'])
    const names = ['response-content-type', 'Expires', 'Key-Pair-Id', 'Signature', 'Hash-Algorithm']
    expect([...url.searchParams.keys()]).toEqual(names)
  })

  it('are signed by a key that is asked for once', async () => {
    await Promise.all([read(objects), read(objects)])
    expect(keyReads).toBe(1)
  })

  it('are signed as soon as the key can be read, be it only the second time', async () => {
    let reads = 0
    const distribution = {
      ...{ url: edge.url, keyId: edge.keyId },
      readPrivateKey: () => {
        reads += 1
        return reads === 1
          ? Promise.reject(new Error('no secret'))
          : Promise.resolve(edge.privateKey)
      },
    }
    const opened = openAws({ table: 'none', bucket: 'none', region, distribution })
    await expect(read(opened.objects)).rejects.toThrow('no secret')
    expect((await read(opened.objects)).origin).toBe(edge.url)
    await read(opened.objects)
    expect(reads).toBe(2)
  })
})
