export type Login = { readonly name: string; readonly password: string }

const encoded = ({ name, password }: Login): string =>
  Buffer.from(`${name}:${password}`).toString('base64')

/** The header that logs in by HTTP Basic. */
export const authorization = (login: Login): string => `Basic ${encoded(login)}`

/** The file that docker, and every other client, reads logins from: hosts to logins. */
export const authFile = (logins: Readonly<Record<string, Login>>): string =>
  JSON.stringify({
    auths: Object.fromEntries(
      Object.entries(logins).map(([host, login]) => [host, { auth: encoded(login) }]),
    ),
  })

/** Whether a line of a log tells a password, or any token. */
export const secretsIn = (line: string, login: Login): boolean =>
  line.includes(login.password) || line.includes(encoded(login)) || line.includes('eyJ')
