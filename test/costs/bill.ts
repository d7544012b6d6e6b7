import type { Prices } from './prices.ts'

/** What AWS counts. */
export type Usage = {
  readonly requests: number
  /** Requests as API Gateway counts them: large ones several times. */
  readonly gatewayRequests: number
  /** Calls to AWS that waited for one another. */
  readonly roundTrips: number
  readonly readUnits: number
  readonly writeUnits: number
  readonly puts: number
  readonly gets: number
}

export const NOTHING: Usage = {
  ...{ requests: 0, gatewayRequests: 0, roundTrips: 0 },
  ...{ readUnits: 0, writeUnits: 0, puts: 0, gets: 0 },
}

export const plus = (one: Usage, other: Usage): Usage => ({
  requests: one.requests + other.requests,
  gatewayRequests: one.gatewayRequests + other.gatewayRequests,
  roundTrips: one.roundTrips + other.roundTrips,
  readUnits: one.readUnits + other.readUnits,
  writeUnits: one.writeUnits + other.writeUnits,
  puts: one.puts + other.puts,
  gets: one.gets + other.gets,
})

/** Dollars, by service. */
export type Bill = {
  readonly apiGateway: number
  readonly lambda: number
  readonly dynamodb: number
  readonly s3: number
  readonly logs: number
}

const MILLION = 1_000_000
const GB = 1_000_000_000

export const totalOf = (bill: Bill): number =>
  bill.apiGateway + bill.lambda + bill.dynamodb + bill.s3 + bill.logs

/** Seconds of a function times its memory. */
export const gbSecondsOf = (usage: Usage, memoryMb: number, { assumed }: Prices): number => {
  const milliseconds =
    usage.requests * assumed.millisecondsPerRequest +
    usage.roundTrips * assumed.millisecondsPerRoundTrip
  return (milliseconds / 1000) * (memoryMb / 1024)
}

/** What a million times this usage costs, beyond everything that is free. */
export const billOfMillion = (usage: Usage, memoryMb: number, all: Prices): Bill => {
  const { assumed, prices } = all
  return {
    apiGateway: usage.gatewayRequests * prices.apiGatewayMillionRequests,
    lambda:
      usage.requests * prices.lambdaMillionRequests +
      gbSecondsOf(usage, memoryMb, all) * MILLION * prices.lambdaArmGbSecond,
    dynamodb:
      usage.readUnits * prices.dynamodbMillionReadUnits +
      usage.writeUnits * prices.dynamodbMillionWriteUnits,
    s3: (usage.puts * prices.s3ThousandPuts + usage.gets * prices.s3ThousandGets) * 1000,
    logs: ((usage.requests * assumed.logBytesPerRequest * MILLION) / GB) * prices.logsGb,
  }
}
