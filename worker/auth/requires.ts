import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { COMPOSED_HANDLER } from 'hono/utils/constants'
import { type Access, stricter } from '../../core/auth/role.ts'
import type { AppEnv } from '../app-env.ts'

const ACCESS = Symbol('access')

/**
 * Declares who a route is for. It checks nothing itself: the one authorisation middleware reads the declaration before
 * any handler runs, and a route without one answers to nobody.
 */
export function requires(access: Access): MiddlewareHandler<AppEnv> {
  const declaration: MiddlewareHandler<AppEnv> = (_, next) => next()
  return Object.assign(declaration, { [ACCESS]: access })
}

/** What a handler declares; null for handlers that are no declaration. */
export function declaredBy(handler: unknown): Access | null {
  const declaring = handler as { [ACCESS]?: Access; [COMPOSED_HANDLER]?: unknown }
  if (declaring[ACCESS] !== undefined) return declaring[ACCESS]
  return declaring[COMPOSED_HANDLER] === undefined ? null : declaredBy(declaring[COMPOSED_HANDLER])
}

/** The strictest declaration of the routes that the request matches; null when there is none. */
export function declaredAccess(c: Context<AppEnv>): Access | null {
  let access: Access | null = null
  for (const { handler } of matchedRoutes(c)) {
    const declared = declaredBy(handler)
    if (declared !== null) access = access === null ? declared : stricter(access, declared)
  }
  return access
}
