/** What whoever brings a request says of it besides; all of it is absent under `app.request()`. */
export type Bindings = {
  readonly requestId?: string | undefined
  /** Of the other end of the connection. */
  readonly address?: string | undefined
  /** On Lambda. */
  readonly lambdaContext?: { readonly awsRequestId: string } | undefined
  /** On Lambda, as an HTTP API says it: nothing that a client sends gets there. */
  readonly requestContext?: { readonly http?: { readonly sourceIp?: string } } | undefined
}

/** The network address of whoever sent a request, as far as it can be trusted; empty when unknown. */
export const addressIn = (bindings: Bindings | undefined): string =>
  bindings?.address ?? bindings?.requestContext?.http?.sourceIp ?? ''
