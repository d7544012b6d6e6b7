import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling'
import { TimeZone } from 'aws-cdk-lib'
import { assertDomain, assertKnown, isRecord, isWhole, refuse } from './assertions.ts'
import type { CustomDomain, RelayProps } from './props.ts'
import { DEFAULT_CPU, DEFAULT_MEMORY_MB } from './relay/size.ts'

/** The load balancer wants two zones, with a public subnet in each. */
const LEAST_PUBLIC_SUBNETS = 2
const GB = 1024

type Sizes = { readonly least: number; readonly most: number; readonly step: number }

/** What memory in MB Fargate takes beside so many units of a processor. */
const FARGATE: ReadonlyMap<number, Sizes> = new Map([
  [256, { least: 512, most: 2 * GB, step: 512 }],
  [512, { least: GB, most: 4 * GB, step: GB }],
  [1024, { least: 2 * GB, most: 8 * GB, step: GB }],
  [2048, { least: 4 * GB, most: 16 * GB, step: GB }],
  [4096, { least: 8 * GB, most: 30 * GB, step: GB }],
  [8192, { least: 16 * GB, most: 60 * GB, step: 4 * GB }],
  [16_384, { least: 32 * GB, most: 120 * GB, step: 8 * GB }],
])
/** Beside the smallest processor there are 512, 1024 and 2048, and nothing between the last two. */
const NOT_A_SIZE = 1_536

const PROPERTIES = [
  'domain',
  'vpc',
  'desiredCount',
  'cpu',
  'memoryMb',
  'hours',
] as const satisfies (keyof RelayProps)[]

/** Refuses a relay that could not be, by the name of the property. */
export const assertRelay = (relay: unknown, registry: CustomDomain | undefined): void => {
  if (!isRecord(relay)) {
    refuse('relay', 'expected properties, of which the domain is needed')
    return
  }
  assertKnown('relay.', relay, PROPERTIES)
  const { cpu = DEFAULT_CPU, desiredCount = 1, domain, hours, memoryMb = DEFAULT_MEMORY_MB } = relay
  if (domain === undefined) {
    refuse('relay.domain', 'missing; clients push to a name with a certificate')
  }
  assertDomain('relay.domain', domain)
  if (isRecord(domain) && domain['name'] === registry?.name) {
    refuse(
      'relay.domain.name',
      `${String(domain['name'])} is the name of the registry; it needs another`,
    )
  }
  if (!isWhole(desiredCount, 1, Infinity)) {
    refuse('relay.desiredCount', `${String(desiredCount)}; leave the relay away, or give it hours`)
  }
  if (relay['vpc'] !== undefined) assertVpc(relay['vpc'])
  assertSize(cpu, memoryMb)
  if (hours !== undefined) assertHours(hours)
}

const assertVpc = (vpc: unknown): void => {
  const subnets = isRecord(vpc) ? vpc['publicSubnets'] : undefined
  if (!Array.isArray(subnets)) {
    refuse('relay.vpc', 'expected a VPC, such as Vpc.fromLookup gives')
  } else if (subnets.length < LEAST_PUBLIC_SUBNETS) {
    refuse(
      'relay.vpc',
      `${subnets.length} public subnets; the load balancer needs ${LEAST_PUBLIC_SUBNETS}, in two zones`,
    )
  }
}

const assertSize = (cpu: unknown, memoryMb: unknown): void => {
  const sizes = typeof cpu === 'number' ? FARGATE.get(cpu) : undefined
  if (sizes === undefined) {
    refuse('relay.cpu', `${String(cpu)}; Fargate takes ${[...FARGATE.keys()].join(', ')}`)
    return
  }
  const { least, most, step } = sizes
  const fits = isWhole(memoryMb, least, most) && Number(memoryMb) % step === 0
  if (!fits || memoryMb === NOT_A_SIZE) {
    refuse(
      'relay.memoryMb',
      `${String(memoryMb)}; beside ${String(cpu)} units of a processor Fargate takes ${least} to ${most}, in steps of ${step}`,
    )
  }
}

const assertHours = (hours: unknown): void => {
  if (!isRecord(hours)) {
    refuse('relay.hours', 'expected start and stop')
    return
  }
  assertKnown('relay.hours.', hours, ['start', 'stop', 'timeZone'])
  for (const name of ['start', 'stop']) {
    if (!(hours[name] instanceof Schedule)) {
      refuse(
        `relay.hours.${name}`,
        `${hours[name] === undefined ? 'missing' : 'not a schedule'}; expected one of aws-applicationautoscaling`,
      )
    }
  }
  if (hours['timeZone'] !== undefined && !(hours['timeZone'] instanceof TimeZone)) {
    refuse('relay.hours.timeZone', 'expected a TimeZone of aws-cdk-lib')
  }
}
