import { Stack, Validations } from 'aws-cdk-lib'
import {
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam'
import type { Construct } from 'constructs'
import * as z from 'zod'

/** What somebody may do to what. */
export type Permission = {
  readonly actions: readonly string[]
  readonly resource: string
}

const ALL_NAMES =
  'Names of objects are random: whose bucket they are in is known, and nothing more.'

/** A role of a service that may do exactly this; nothing can be added to it. */
export const ownRole = (
  scope: Construct,
  id: string,
  service: string,
  permissions: readonly Permission[],
): Role => {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal(service),
    inlinePolicies: { Own: new PolicyDocument({ statements: permissions.map(allow) }) },
  })
  for (const { resource } of permissions) {
    const name = nameIn(Stack.of(scope).resolve(resource))
    if (!name.includes('*')) continue
    const reason = name === '*' ? 'The action knows no resources.' : ALL_NAMES
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${name}]`, reason })
  }
  return role
}

const allow = ({ actions, resource }: Permission): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [resource] })

/** What a resource is called where it is acknowledged: references stand in angle brackets. */
const nameIn = (resource: unknown): string => {
  if (typeof resource === 'string') return resource
  const { 'Fn::GetAtt': attribute, 'Fn::Join': join, Ref: ref } = reference.parse(resource)
  if (join !== undefined) return join[1].map(nameIn).join(join[0])
  return `<${attribute?.join('.') ?? ref ?? ''}>`
}

const reference = z.object({
  Ref: z.string().optional(),
  'Fn::GetAtt': z.array(z.string()).optional(),
  'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]).optional(),
})
