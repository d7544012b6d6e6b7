import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { createTraffic } from '../../functions/server/traffic.ts'

const counted = () => {
  let now = 5_000
  let answered = 0
  const traffic = createTraffic(() => now)
  const listener = traffic.counting(() => {
    answered += 1
  })
  const ask = (times: number): void => {
    for (let asked = 0; asked < times; asked += 1) {
      const request = new IncomingMessage(new Socket())
      listener(request, new ServerResponse(request))
    }
  }
  const pass = (ms: number): void => {
    now += ms
  }
  return { ask, pass, isBusy: traffic.isBusy, answered: () => answered }
}

it('a process is busy while many ask, and for a second or two behind that', () => {
  const { answered, ask, isBusy, pass } = counted()
  expect(isBusy()).toBe(false)
  ask(20)
  expect(answered()).toBe(20)
  expect(isBusy()).toBe(true)
  pass(1_000)
  expect(isBusy()).toBe(true)
  pass(1_000)
  expect(isBusy()).toBe(false)
})

it('requests of one second and the next are taken together', () => {
  const { ask, isBusy, pass } = counted()
  ask(10)
  pass(1_000)
  ask(10)
  expect(isBusy()).toBe(true)
})

it('who watches the progress of a run makes no process busy', () => {
  const { ask, isBusy, pass } = counted()
  for (let second = 0; second < 100; second += 1) {
    ask(4)
    expect(isBusy()).toBe(false)
    pass(1_000)
  }
})

it('long ago is no traffic', () => {
  const { ask, isBusy, pass } = counted()
  ask(100)
  pass(60_000)
  expect(isBusy()).toBe(false)
})
