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
}
