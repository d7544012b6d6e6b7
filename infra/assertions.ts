/** What the assertions on properties have in common. */
import { Token } from 'aws-cdk-lib'

const HOST = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

const A_HOST = 'expected a host such as registry.example.com'

/** Throws the error that a property begins. */
export const refuse = (property: string, why: string): never => {
  throw new Error(`${property}: ${why}`)
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** What is known only when it is deployed is taken as it is. */
export const isToken = (value: string): boolean => Token.isUnresolved(value)

export const isWhole = (value: unknown, least: number, most: number): boolean =>
  Token.isUnresolved(value) ||
  (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)

export const isHost = (name: string): boolean => HOST.test(name)

/** Refuses a property that is not one of those that there are: a misspelt one would be passed over. */
export const assertKnown = (prefix: string, given: object, known: readonly string[]): void => {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue
    refuse(`${prefix}${name}`, `there is no such thing; there are ${known.join(', ')}`)
  }
}

export const assertDomain = (property: string, domain: unknown): void => {
  if (!isRecord(domain)) {
    refuse(property, 'expected a name with its certificate')
    return
  }
  assertKnown(`${property}.`, domain, ['name', 'certificate', 'hostedZone'])
  const { certificate, hostedZone, name } = domain
  if (typeof name !== 'string') {
    refuse(`${property}.name`, `${name === undefined ? 'missing' : 'not a text'}; ${A_HOST}`)
  } else if (!isToken(name) && !isHost(name)) refuse(`${property}.name`, `${name}; ${A_HOST}`)
  if (!isRecord(certificate) || typeof certificate['certificateArn'] !== 'string') {
    refuse(
      `${property}.certificate`,
      `${certificate === undefined ? 'missing' : 'not a certificate'}; the name needs one of the region of the stack`,
    )
  }
  if (hostedZone === undefined) return
  const zone = isRecord(hostedZone) ? hostedZone['zoneName'] : undefined
  if (typeof zone !== 'string') {
    refuse(`${property}.hostedZone`, 'expected a hosted zone with its name')
  } else if (typeof name === 'string' && !isToken(zone) && !isToken(name)) {
    if (name !== zone && !name.endsWith(`.${zone}`)) {
      refuse(`${property}.hostedZone`, `${name} is not in the zone ${zone}`)
    }
  }
}
