import type { Context } from 'hono'
import { ApiTokenStore } from '../../adapters/d1/api-token-store.ts'
import { SessionStore } from '../../adapters/d1/session-store.ts'
import { sha256Hex } from '../../core/auth/token.ts'
import type { AppEnv, Identity } from '../app-env.ts'
import { sessionToken } from './session-cookie.ts'

/** Who sends this request. A bearer token that does not hold is not made up for by a cookie. */
export async function identify(c: Context<AppEnv>): Promise<Identity | null> {
  const authorization = c.req.header('Authorization')
  if (authorization !== undefined) {
    const token = /^Bearer +(\S{1,512})$/i.exec(authorization)?.[1]
    if (token === undefined) return null
    const found = await new ApiTokenStore(c.var.db).live(await sha256Hex(token), c.var.now)
    return found && { kind: 'token', ...found }
  }
  const token = sessionToken(c)
  if (token === null) return null
  const sessionHash = await sha256Hex(token)
  const session = await new SessionStore(c.var.db).live(sessionHash, c.var.now)
  if (session === null) return null
  const { userId, name, role, csrfToken } = session
  return { kind: 'user', id: userId, name, role, csrfToken, sessionHash }
}

/** How the audit log names who asks. */
export const actorOf = (who: Identity): string => `${who.kind}:${who.name}`
