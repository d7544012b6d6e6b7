import * as z from 'zod'
import type { Account } from '../client.ts'

/** Finds the credentials of requests to one repository. */
export type Authorizer = {
  /** The Authorization header as it now is; `undefined`: none. */
  readonly header: () => string | undefined
  /** Answers a challenge (WWW-Authenticate); whether there are other credentials now. */
  readonly renew: (challenge: string | null) => Promise<boolean>
}

export const basic = ({ name, secret }: Pick<Account, 'name' | 'secret'>): string =>
  `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`

/** RFC 6750: `Bearer realm="...",service="...",scope="..."`. */
export const parseChallenge = (
  header: string | null,
): { readonly realm: string; readonly service: string; readonly scope: string } | undefined => {
  const parameters = Object.fromEntries(
    [...(header ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  const { realm, scope = '', service = '' } = parameters
  return realm === undefined || !/^bearer /i.test(header ?? '')
    ? undefined
    : { realm, service, scope }
}

const answer = z.object({ token: z.string().optional(), access_token: z.string().optional() })

/** Shows an account to the token service that a challenge names, as `docker` does; nobody's account shows nothing. */
export const createAuthorizer = (account: Account | undefined): Authorizer => {
  let header: string | undefined
  let renewing: Promise<boolean> | undefined

  const ask = async (challenge: string | null): Promise<boolean> => {
    const wanted = parseChallenge(challenge)
    if (wanted === undefined) {
      const shown = header
      header = account && basic(account)
      return header !== shown
    }
    const { realm, scope, service } = wanted
    const url = new URL(realm)
    // Never sent to where the account is not from.
    const mayShow = account !== undefined && url.origin === new URL(account.url).origin
    url.searchParams.set('service', service)
    for (const one of scope.split(' ').filter((part) => part !== '')) {
      url.searchParams.append('scope', one)
    }
    const response = await fetch(url, {
      headers: mayShow ? { Authorization: basic(account) } : {},
      redirect: 'error',
    })
    if (!response.ok) return false
    const { access_token, token = access_token } = answer.parse(await response.json())
    if (token === undefined) return false
    header = `Bearer ${token}`
    return true
  }

  return {
    header: () => header,
    renew: async (challenge) => {
      renewing ??= ask(challenge).finally(() => {
        renewing = undefined
      })
      return await renewing
    },
  }
}
