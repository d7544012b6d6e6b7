/** What is used of the client of Step Functions. */
export { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
