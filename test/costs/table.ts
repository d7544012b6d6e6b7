/** The costs of the README: everything counted now, with the prices of `prices.json`. */
import prettier from 'prettier'
import { dumpTable } from '../aws/store.ts'
import { startDynamodbLocal, startMinistack } from '../tools/endpoints/start.ts'
import { billOfMillion, totalOf, type Usage } from './bill.ts'
import { backlogTable, collect } from './collection.ts'
import { createCounted, type Counted } from './counted.ts'
import { idleMonth, readStack, tick } from './idle.ts'
import { readPrices, type Prices } from './prices.ts'
import {
  LAYER_BYTES,
  LAYERS,
  look,
  makeImage,
  pull,
  pushAgain,
  pushByDocker,
  pushDirectly,
} from './stories.ts'

const TB_IN_GB = 1_000
const GB = 1_000_000_000

const dollars = (amount: number): string => `$${amount.toFixed(amount < 100 ? 2 : 0)}`

const countAll = async (counted: Counted, dynamodb: string) => {
  const bytes = async (): Promise<number> =>
    (await dumpTable(dynamodb, counted.table)).reduce(
      (sum, item) => sum + JSON.stringify(item).length,
      0,
    )
  const [image, other] = [makeImage(), makeImage()]
  const before = await bytes()
  const push = await pushByDocker(counted, image)
  const tableBytes = (await bytes()) - before
  // An instance that was in use knows the name of the repository and the key of the token.
  await pull(counted, image)
  return {
    tableBytes,
    usages: {
      [`pulls of an image of ${LAYERS} layers`]: await pull(counted, image),
      'looks whether a tag has moved': await look(counted),
      [`pushes of ${LAYERS} new layers of ${LAYER_BYTES / 1_000_000} MB by docker`]: push,
      'pushes of what is there': await pushAgain(counted, image),
      [`pushes of ${LAYERS} new layers by \`roadstead push\``]: await pushDirectly(counted, other),
    },
    tick: await tick(counted),
    collected: await collect(counted),
  }
}

const perMillion = (usages: Readonly<Record<string, Usage>>, memoryMb: number, all: Prices) =>
  Object.entries(usages).map(([what, usage]) => {
    const bill = billOfMillion(usage, memoryMb, all)
    const parts = [bill.apiGateway, bill.lambda, bill.dynamodb, bill.s3, bill.logs, totalOf(bill)]
    return `| 1,000,000 ${what} | ${usage.requests} | ${parts.map(dollars).join(' | ')} |`
  })

/** Counts, and answers the tables as Markdown. */
export const makeCosts = async (): Promise<string> => {
  const all = readPrices()
  const { asOf, assumed, prices, region } = all
  const [dynamodb, s3] = await Promise.all([startDynamodbLocal(), startMinistack()])
  try {
    const endpoints = { dynamodb: dynamodb.endpoint, s3: s3.endpoint }
    const found = await countAll(await createCounted(endpoints, all), dynamodb.endpoint)
    const stack = readStack()
    const idle = idleMonth(found.tick, stack, all)
    const imagesPerTb = (TB_IN_GB * GB) / (LAYERS * LAYER_BYTES)
    const tableGb = (found.tableBytes * imagesPerTb) / GB
    const storage = TB_IN_GB * prices.s3GbMonth
    const table = tableGb * (prices.dynamodbGbMonth + prices.dynamodbBackupGbMonth)
    const backlog = backlogTable(found.collected, stack, all)
    const text = `
| | requests each | API Gateway | Lambda | DynamoDB | S3 | logs | together |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${perMillion(found.usages, stack.memoryMb, all).join('\n')}

| a month | |
| --- | ---: |
| 1 TB stored, in layers of ${LAYER_BYTES / 1_000_000} MB: the bucket, and the table with its backup | ${dollars(storage)} + ${dollars(table)} |
| nobody comes, and what every account has free is left | ${dollars(idle.withFree)} |
| nobody comes, and it is used up: alarms, looks into the queue, ticks | ${dollars(idle.withoutFree)} |

Prices of ${region}, ${asOf}, without free allowances and volume discounts; bytes that leave AWS cost ${dollars(prices.transferOutGb)} a GB more.
Calls and units are counted; assumed are ${assumed.millisecondsPerRequest} ms a request and ${assumed.millisecondsPerRoundTrip} ms a round trip at ${stack.memoryMb} MB, and ${assumed.logBytesPerRequest} bytes of logs a request.

${backlog}
`
    return (await prettier.format(text, { parser: 'markdown', printWidth: 100 })).trim()
  } finally {
    await Promise.all([dynamodb.stop(), s3.stop()])
  }
}
