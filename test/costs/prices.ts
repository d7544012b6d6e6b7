import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const amount = z.number().nonnegative()

const schema = z.strictObject({
  region: z.string(),
  currency: z.literal('USD'),
  asOf: z.iso.date(),
  sources: z.record(z.string(), z.string()),
  prices: z.strictObject({
    apiGatewayMillionRequests: amount,
    lambdaMillionRequests: amount,
    lambdaArmGbSecond: amount,
    dynamodbMillionReadUnits: amount,
    dynamodbMillionWriteUnits: amount,
    dynamodbGbMonth: amount,
    /** Of the copies by which any second can be restored. */
    dynamodbBackupGbMonth: amount,
    s3GbMonth: amount,
    s3ThousandPuts: amount,
    s3ThousandGets: amount,
    sqsMillionRequests: amount,
    schedulerMillionInvocations: amount,
    stepFunctionsThousandTransitions: amount,
    secretMonth: amount,
    alarmMonth: amount,
    logsGb: amount,
    transferOutGb: amount,
  }),
  /** What every account has for nothing, for ever. */
  freeEveryMonth: z.strictObject({
    lambdaRequests: amount,
    lambdaGbSeconds: amount,
    sqsRequests: amount,
    schedulerInvocations: amount,
    alarms: amount,
    logsGb: amount,
  }),
  /** How the services count. */
  meters: z.strictObject({
    apiGatewayRequestBytes: amount,
    sqsPollers: amount,
    sqsPollSeconds: amount,
    /** Of a table that was never busy. */
    dynamodbFirstWriteUnitsPerSecond: amount,
  }),
  /** What cannot be counted here. */
  assumed: z.strictObject({
    millisecondsPerRequest: amount,
    millisecondsPerRoundTrip: amount,
    /** Of a function's processor: the waits of so many tasks at once hide behind one another. */
    millisecondsPerCollectorCall: amount,
    logBytesPerRequest: amount,
  }),
})

export type Prices = z.infer<typeof schema>

/** What AWS asks, with date, region and sources. */
export const readPrices = (): Prices =>
  schema.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')))
