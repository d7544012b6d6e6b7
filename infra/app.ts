/**
 * `cdk deploy -c access=everyone`. Context, all but the first optional:
 *
 * ```
 * access=everyone        who may use the registry; there is no access control yet, so this must be said
 * stackName=Roadstead    another name gives another registry
 * disposable=true        deleting the stack deletes the table and the bucket's settings with it
 * apiTag=name=value      a tag of the HTTP API
 * ```
 */
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { Roadstead } from './roadstead.ts'

const app = new App()

const context = (name: string): string | undefined => {
  const value: unknown = app.node.tryGetContext(name)
  return typeof value === 'string' ? value : undefined
}

if (context('access') !== 'everyone') {
  throw new Error(
    'access: there is no access control yet, so everyone who learns the URL can pull and push; ' +
      'if that is what you want, say so with -c access=everyone',
  )
}

const stack = new Stack(app, context('stackName') ?? 'Roadstead', {
  description: 'Roadstead, a registry for container images, Helm charts and OCI artifacts',
})

const [tag, ...value] = context('apiTag')?.split('=') ?? []
const { api, bucket, table } = new Roadstead(stack, 'Roadstead', {
  access: 'everyone',
  ...(context('disposable') === 'true' && { removalPolicy: RemovalPolicy.DESTROY }),
  ...(tag !== undefined && { apiTags: { [tag]: value.join('=') } }),
})

new CfnOutput(stack, 'RegistryUrl', {
  value: api.apiEndpoint,
  description: 'Its host is the first part of every image name',
})
new CfnOutput(stack, 'ApiId', { value: api.apiId })
new CfnOutput(stack, 'TableName', { value: table.tableName })
new CfnOutput(stack, 'BucketName', { value: bucket.bucketName })
