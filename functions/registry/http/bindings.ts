/** What whoever brings a request says of it besides; all of it is absent under `app.request()`. */
export type Bindings = {
  readonly requestId?: string | undefined
  /** Of the other end of the connection; on Lambda as API Gateway says it: nothing that a client sends gets there. */
  readonly address?: string | undefined
}

/** The network address of whoever sent a request, as far as it can be trusted; empty when unknown. */
export const addressIn = (bindings: Bindings | undefined): string => bindings?.address ?? ''
