import type { Distribution } from './distribution.ts'

/** Where the ports on AWS find what they stand on. Credentials come from where the SDK looks for them. */
export type AwsSettings = {
  /** Name of the DynamoDB table. */
  readonly table: string
  /** Name of the S3 bucket. */
  readonly bucket: string
  /** By default the one of the environment. */
  readonly region?: string
  /** Of an AWS-compatible service, for example `http://127.0.0.1:4566`. By default AWS itself. */
  readonly endpoint?: string
  /** Stands before the bucket, for reads. By default they go to S3 itself. */
  readonly distribution?: Distribution
  /** Goes round every call to AWS, each attempt of it: to count, to trace, to make trouble. */
  readonly around?: Around
}

/** A call as it is sent to AWS. */
export type AwsCall = {
  readonly service: 'dynamodb' | 's3'
  /** Such as `PutItemCommand`. */
  readonly command: string
  readonly input: object
}

/** Makes the call by `send`, or does not, and answers what came of it. */
export type Around = <T>(call: AwsCall, send: () => Promise<T>) => Promise<T>
