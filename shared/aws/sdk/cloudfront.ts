/** What is used of CloudFront's signer. */
export { getSignedUrl } from '@aws-sdk/cloudfront-signer'
