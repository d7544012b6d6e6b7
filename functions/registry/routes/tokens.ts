import type { Context } from 'hono'
import * as z from 'zod'
import { parseScopes } from '../../../shared/auth/scope.ts'
import type { TokenAnswer, TokenRequest } from '../../../shared/identity/token-service.ts'
import { TOKEN_SECONDS } from '../../../shared/identity/tokens.ts'
import { RegistryError } from '../../../shared/oci/errors.ts'
import { addressOf } from '../access.ts'
import { factory, type RegistryEnv } from '../factory.ts'
import { credentialsOf } from '../http/credentials.ts'

const TOKEN_PATH = '/service/token'
/** A form of a grant: a name, a password or a refresh token, and scopes. */
const MAX_FORM_BYTES = 64 * 1024

type TokenContext = Context<RegistryEnv>

/** Answers of the token service are for one client alone (RFC 6749 §5.1). */
const NOT_KEPT = { 'Cache-Control': 'no-store', Pragma: 'no-cache' } as const

export const tokens = factory
  .createApp()
  // Distribution, "Token Authentication Specification": GET /service/token?service=&scope=&account=&offline_token=
  .get(TOKEN_PATH, async (c) => {
    const credentials = credentialsOf(c.req.header('Authorization'), addressOf(c))
    if (credentials.kind === 'bearer') throw refused()
    const request = {
      scopes: parseScopes(c.req.queries('scope') ?? []),
      isOffline: c.req.query('offline_token') === 'true',
    }
    const answer = await c.var.deps.tokenService.byCredentials(credentials, request)
    if (answer === undefined) throw refused()
    // Both names: older clients of Docker's read the first, OAuth2's the second.
    return c.json({ token: answer.token, ...bodyOf(answer) }, 200, NOT_KEPT)
  })
  // Distribution, "OAuth2 Token Authentication": POST /service/token (RFC 6749 §4.3, §6)
  .post(TOKEN_PATH, async (c) => {
    const form = await readForm(c)
    const request: TokenRequest = {
      scopes: parseScopes(form.scope === undefined ? [] : [form.scope]),
      isOffline: form.access_type === 'offline',
    }
    const answer = await byGrant(c, form, request)
    if (answer === undefined) {
      return c.json(
        { error: 'invalid_grant', error_description: 'the credentials are wrong' },
        401,
        NOT_KEPT,
      )
    }
    return c.json(bodyOf(answer), 200, NOT_KEPT)
  })
  // RFC 7517: by which keys others verify tokens.
  .get('/.well-known/jwks.json', async (c) =>
    c.json(await c.var.deps.keys.jwks(), 200, { 'Cache-Control': 'public, max-age=60' }),
  )

const form = z.object({
  grant_type: z.enum(['password', 'refresh_token']),
  username: z.string().default(''),
  password: z.string().default(''),
  refresh_token: z.string().default(''),
  scope: z.string().optional(),
  access_type: z.string().optional(),
})
type Form = z.infer<typeof form>

const byGrant = async (
  c: TokenContext,
  { grant_type, password, refresh_token, username }: Form,
  request: TokenRequest,
): Promise<TokenAnswer | undefined> => {
  const { tokenService } = c.var.deps
  if (grant_type === 'refresh_token') {
    return await tokenService.byRefreshToken(refresh_token, request)
  }
  if (username === '' && password === '') return undefined
  return await tokenService.byCredentials(
    { kind: 'basic', name: username, password, address: addressOf(c) },
    request,
  )
}

const readForm = async (c: TokenContext): Promise<Form> => {
  const length = Number(c.req.header('Content-Length') ?? Infinity)
  if (!(length <= MAX_FORM_BYTES)) {
    throw new RegistryError('SIZE_INVALID', {
      status: 413,
      message: `a form of at most ${MAX_FORM_BYTES} bytes, with its length`,
    })
  }
  const fields = Object.fromEntries(new URLSearchParams(await c.req.text()))
  const parsed = form.safeParse(fields)
  if (parsed.success) return parsed.data
  throw new RegistryError('UNSUPPORTED', {
    status: 400,
    message: 'grant_type must be password or refresh_token, in a form (x-www-form-urlencoded)',
  })
}

const bodyOf = ({ issuedAt, refreshToken, scope, token }: TokenAnswer) => ({
  access_token: token,
  expires_in: TOKEN_SECONDS,
  issued_at: new Date(issuedAt).toISOString(),
  token_type: 'Bearer',
  scope,
  ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
})

/** Clients ask whoever wants a password for one when they see this scheme. */
const refused = (): RegistryError =>
  new RegistryError('UNAUTHORIZED', {
    message: 'the credentials are wrong',
    headers: { 'WWW-Authenticate': 'Basic realm="roadstead"', ...NOT_KEPT },
  })
