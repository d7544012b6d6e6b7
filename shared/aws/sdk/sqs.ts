/** What is used of SQS's client. */
export { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
