import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../../shared/oci/digest.ts'
import { imageJson, pushBlob, pushImage, putManifest } from '../../support/app.ts'
import { tarOf } from '../../support/tar.ts'
import { createDomainApi, refusal } from './domain.ts'

const END_BYTES = 1_024

/** An archive of several files. */
const tarOfAll = (files: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat([
    ...Object.entries(files).map(([name, content]) =>
      tarOf(name, Buffer.from(content)).subarray(0, -END_BYTES),
    ),
    Buffer.alloc(END_BYTES),
  ])

const start = async () => {
  const api = await createDomainApi()
  const { oci, get } = api
  await api.create('team')
  const pushChart = async (content: Uint8Array, config = '{"name":"c"}') => {
    await pushBlob(oci, 'team/chart', config)
    await pushBlob(oci, 'team/chart', content)
    const json = JSON.stringify({
      schemaVersion: 2,
      config: {
        mediaType: 'application/vnd.cncf.helm.config.v1+json',
        ...{ digest: digestOf(config), size: config.length },
      },
      layers: [
        {
          mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
          ...{ digest: digestOf(content), size: content.byteLength },
        },
      ],
    })
    expect((await putManifest(oci, 'team/chart', 'v1', json)).status).toBe(201)
  }
  const read = async (addition: string, repository = 'chart') =>
    await get(
      `/projects/team/repositories/${repository}/artifacts/v1/additions/${addition}`,
      'alice',
    )
  return { ...api, pushChart, read }
}

const FILES = {
  'c/charts/sub/values.yaml': 'other: 1',
  'c/Chart.yaml': 'name: c',
  'c/values.yaml': 'a: 1',
  'c/README.md': '# Chart',
}

describe('GET an addition', () => {
  it('of an image is its build history', async () => {
    const { oci, read, ask } = await start()
    const steps = [{ created: '2024-01-01T00:00:00Z', created_by: 'RUN x', empty_layer: true }]
    const config = JSON.stringify({ history: steps })
    for (const blob of [config, 'layer']) await pushBlob(oci, 'team/app', blob)
    await putManifest(oci, 'team/app', 'v1', imageJson(config, ['layer']))
    const response = await read('build_history', 'app')
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8')
    expect(await response.json()).toEqual(steps)
    expect(await refusal(await read('readme.md', 'app'))).toBe(
      '400 IMAGE artifacts have no addition readme.md',
    )
    expect((await read('constructor', 'app')).status).toBe(400)
    const path = '/projects/team/repositories/app/artifacts/v1/additions/build_history'
    expect(await ask(path, 'bob')).toBe('403 FORBIDDEN')
    expect(await ask(path.replace('v1', 'v2'), 'alice')).toBe('404 NOT_FOUND')
  })

  it('of an image without a history is empty', async () => {
    const { oci, read } = await start()
    await pushImage(oci, 'team/app', 'v1', ['one'])
    expect(await (await read('build_history', 'app')).json()).toEqual([])
  })

  it('of a chart is one of its own files', async () => {
    const { pushChart, read, get } = await start()
    const dependencies = [{ name: 'd', version: '1', repository: 'https://x' }]
    await pushChart(gzipSync(tarOfAll(FILES)), JSON.stringify({ name: 'c', dependencies }))
    const readme = await read('readme.md')
    expect(readme.headers.get('Content-Type')).toBe('text/markdown; charset=utf-8')
    expect(await readme.text()).toBe('# Chart')
    expect(await (await read('values.yaml')).text()).toBe('a: 1')
    expect(await (await read('dependencies')).json()).toEqual(dependencies)
    expect(await (await read('files')).json()).toEqual(
      Object.entries(FILES).map(([name, content]) => ({ name, size: content.length })),
    )
    const artifact = await get('/projects/team/repositories/chart/artifacts/v1', 'alice')
    expect(await artifact.json()).toMatchObject({ type: 'CHART', extra_attrs: { name: 'c' } })
  })

  it('of a chart without that file is none', async () => {
    const { pushChart, read } = await start()
    await pushChart(gzipSync(tarOfAll({ 'c/Chart.yaml': 'name: c' })))
    expect(await refusal(await read('readme.md'))).toBe('404 the chart has no readme.md')
  })

  it('is refused for what is no chart, or unpacks to more than a chart has', async () => {
    for (const [content, why] of [
      [Buffer.from('no archive'), 'the chart cannot be unpacked'],
      [gzipSync(tarOfAll(FILES)).subarray(0, 60), 'the chart cannot be unpacked'],
      [gzipSync('no archive'.repeat(100)), 'the chart cannot be unpacked'],
      [
        gzipSync(tarOfAll({ 'c/x': 'x'.repeat(101 * 1024 * 1024) })),
        'the chart unpacks to more than 104857600 bytes',
      ],
      [
        gzipSync(tarOfAll({ 'c/README.md': 'x'.repeat(6 * 1024 * 1024) })),
        'readme.md has more than 5242880 bytes',
      ],
    ] as const) {
      const { pushChart, read } = await start()
      await pushChart(content)
      expect(await refusal(await read('readme.md'))).toBe(`400 ${why}`)
    }
  })
})
