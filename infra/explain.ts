/** What the CDK says when it fails, and what there is to do about it. */
const EXPLANATIONS: readonly (readonly [said: RegExp, todo: string])[] = [
  [
    /Unable to resolve AWS account|Could not load credentials|no credentials|CredentialsProviderError/i,
    'there are no AWS credentials that work: log in (aws sso login, aws configure) or set AWS_PROFILE, and AWS_REGION',
  ],
  [
    /ExpiredToken|token .* is expired|security token included in the request is (?:expired|invalid)/i,
    'the AWS credentials are expired or wrong: log in again',
  ],
  [
    /Has the environment been bootstrapped|requires bootstrap stack version/i,
    'this account and region are not prepared for the CDK: run npx cdk bootstrap once, and deploy again',
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/,
    'AWS cannot be reached: see to the network and the proxy, and to AWS_ENDPOINT_URL if it is set',
  ],
  [
    /AccessDenied|is not authorized to perform/,
    'the credentials may not do this: the lines above say what they lack',
  ],
  [
    /_IN_PROGRESS state and can ?not be updated|operation on this ChangeSet is currently in progress|InvalidChangeSetStatus|ChangeSetNotFound|cannot be created due to a mismatch with existing attribute/i,
    'somebody else is deploying this stack right now, or an earlier deployment is still under way: wait until it is over, and deploy again',
  ],
  [
    /ROLLBACK_COMPLETE|ROLLBACK_FAILED/,
    'the deployment failed and was taken back: the lines above say which resource failed, and why',
  ],
]

/** One sentence about a deployment that failed, from what the CDK said about it. */
export const explain = (said: string): string =>
  EXPLANATIONS.find(([pattern]) => pattern.test(said))?.[1] ??
  'the CDK did not succeed: the lines above say why'
