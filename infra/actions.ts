/** What each adapter of `shared/aws` calls, and so what a function that uses it may do. */

/** `kv.ts`; a transaction needs the actions of its operations. */
export const TABLE_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
] as const

/** The storage audit walks through the whole table. */
export const AUDIT_ACTIONS = ['dynamodb:Scan'] as const

/**
 * Of `objects.ts` and `multipart.ts` what pushes, copies and pulls call; S3 asks no more of parts and copies. Parts are
 * listed when a client goes on with a direct upload.
 */
export const REGISTRY_OBJECT_ACTIONS = [
  's3:GetObject',
  's3:ListMultipartUploadParts',
  's3:PutObject',
] as const
/** What the collector calls: it asks for what it deletes, before and after. */
export const COLLECTOR_OBJECT_ACTIONS = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:GetObject',
] as const
export const COLLECTOR_BUCKET_ACTIONS = ['s3:ListBucket', 's3:ListBucketMultipartUploads'] as const
export const COPY_ACTIONS = ['s3:GetObject', 's3:PutObject'] as const

/** With it S3 answers 404 for an absent key, not 403. */
export const BUCKET_ACTIONS = ['s3:ListBucket'] as const

/** `queue.ts`. */
export const SEND_ACTIONS = ['sqs:SendMessage'] as const
/** What Lambda does in a function's name to bring it messages; what a message leaves undone goes into another one. */
export const WORK_ACTIONS = [
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  ...SEND_ACTIONS,
] as const

/** `executions.ts`. */
export const START_ACTIONS = ['states:StartExecution'] as const
/** What calls a function. */
export const CALL_ACTIONS = ['lambda:InvokeFunction'] as const
/** What Step Functions does in a state machine's name to log; they know no resources. */
export const LOG_DELIVERY_ACTIONS = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
] as const

/** `secrets.ts`. */
export const SECRET_ACTIONS = ['secretsmanager:GetSecretValue'] as const

export const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'] as const

/** What the services ask of who uses what is encrypted by a key of one's own. */
export const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const

/** What Secrets Manager asks of who reads a secret that is encrypted by a key of one's own. */
export const UNSEAL_ACTIONS = ['kms:Decrypt'] as const

/** What ECS does in a task's name to fetch its image. */
export const IMAGE_ACTIONS = [
  'ecr:BatchCheckLayerAvailability',
  'ecr:BatchGetImage',
  'ecr:GetDownloadUrlForLayer',
] as const
/** Of a whole registry of ECR, never of one repository. */
export const IMAGE_LOGIN_ACTIONS = ['ecr:GetAuthorizationToken'] as const
