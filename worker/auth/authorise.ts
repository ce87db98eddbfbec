import type { Context, MiddlewareHandler } from 'hono'
import { allows } from '../../core/auth/role.ts'
import type { AppEnv } from '../app-env.ts'
import { refuse } from '../refuse.tsx'
import { identify } from './identify.ts'
import { declaredAccess } from './requires.ts'
import { isMeant, isUnsafe } from './same-site.ts'

/**
 * The one gate, in front of every route but ingest (whose senders are sensors). Deny by default: a route that declares no
 * role is not there. Order: is it there, who asks, may they, did they mean it.
 */
export const authorise: MiddlewareHandler<AppEnv> = async (c: Context<AppEnv>, next) => {
  const access = declaredAccess(c)
  if (access === null) return refuse(c, { tag: 'not-found' })
  c.set('access', access)
  if (access === 'public') {
    c.set('who', null)
    return next()
  }
  const who = await identify(c)
  if (who === null) return refuse(c, { tag: 'unauthenticated' })
  c.set('who', who)
  if (!allows(who.role, access)) return refuse(c, { tag: 'forbidden', detail: `This needs the role ${access}.` })
  if (who.kind === 'user' && isUnsafe(c.req.method) && !(await isMeant(c, who.csrfToken)))
    return refuse(c, { tag: 'cross-site-request', detail: 'Reload the page and try again.' })
  return next()
}

/** Who asks, on a route that is for somebody. */
export function whoOf(c: Context<AppEnv>) {
  const { who } = c.var
  if (who === null) throw new Error('a public route asked who is there')
  return who
}
