import { createPublicKey } from 'node:crypto'
import { assertDomain, assertKnown, isRecord, isToken, refuse } from './assertions.ts'
import type { DistributionProps } from './props.ts'

const PROPERTIES = [
  'publicKey',
  'privateKey',
  'domain',
] as const satisfies readonly (keyof DistributionProps)[]

/** Private keys are in PEM, too, and public ones can be made of them: they must not get into a template. */
const PUBLIC_KEY = /^\s*-----BEGIN PUBLIC KEY-----/
const RSA_BITS = 2048
const CURVE = 'prime256v1'
/** What CloudFront takes certificates from, wherever a stack is. */
const OF_CLOUDFRONT = /^arn:aws[\w-]*:acm:us-east-1:/

/** Refuses a distribution that could not be, by the name of the property. */
export const assertDistribution = (distribution: unknown): void => {
  if (!isRecord(distribution)) {
    refuse('distribution', 'expected a public key with its private one')
    return
  }
  assertKnown('distribution.', distribution, PROPERTIES)
  const { domain, privateKey, publicKey } = distribution
  if (typeof publicKey !== 'string' || !(isToken(publicKey) || isKey(publicKey))) {
    const what = 'expected a public key in PEM, of RSA with 2048 bits or of P-256'
    refuse('distribution.publicKey', `${publicKey === undefined ? 'missing; ' : ''}${what}`)
  }
  if (!isRecord(privateKey) || typeof privateKey['secretArn'] !== 'string') {
    refuse(
      'distribution.privateKey',
      'expected a secret, such as Secret.fromSecretCompleteArn gives',
    )
  }
  if (domain === undefined) return
  assertDomain('distribution.domain', domain)
  const certificate = isRecord(domain) ? domain['certificate'] : undefined
  const arn = isRecord(certificate) ? certificate['certificateArn'] : undefined
  if (typeof arn === 'string' && !isToken(arn) && !OF_CLOUDFRONT.test(arn)) {
    refuse('distribution.domain.certificate', `${arn} is not in us-east-1, where CloudFront looks`)
  }
}

const isKey = (pem: string): boolean => {
  if (!PUBLIC_KEY.test(pem)) return false
  try {
    const { asymmetricKeyDetails: { modulusLength, namedCurve } = {} } = createPublicKey(pem)
    return modulusLength === RSA_BITS || namedCurve === CURVE
  } catch {
    return false
  }
}
