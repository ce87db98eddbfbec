import type { Context } from 'hono'
import { unmasksTo } from '../../core/auth/synchroniser-token.ts'

/** Name of the form field, and of the header for scripts that post JSON with a cookie. */
export const CSRF_FIELD = 'csrf'
export const CSRF_HEADER = 'X-CSRF-Token'

export const isUnsafe = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

/**
 * False when the browser says that another site's page sent the request. Browsers send Origin with every unsafe
 * request; what sends none is no browser, or hides it, and must prove itself by the token.
 */
export function comesFromHere(c: Context): boolean {
  const origin = c.req.header('Origin')
  if (origin !== undefined) return origin === new URL(c.req.url).origin
  const site = c.req.header('Sec-Fetch-Site')
  return site === undefined || site === 'same-origin' || site === 'none'
}

/**
 * True when an unsafe request that carries a session cookie was meant by its user: it comes from our origin, and a form
 * (which any site can send) holds the session's token. A body that only scripts can send, as JSON, needs the Origin or the token.
 */
export async function isMeant(c: Context, csrfToken: string): Promise<boolean> {
  if (!comesFromHere(c)) return false
  if (unmasksTo(c.req.header(CSRF_HEADER) ?? '', csrfToken)) return true
  const type = c.req.header('Content-Type') ?? ''
  if (/^application\/([\w.-]+\+)?json\b/i.test(type)) return c.req.header('Origin') !== undefined
  if (!/^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)) return false
  const shown = (await c.req.parseBody())[CSRF_FIELD]
  return typeof shown === 'string' && unmasksTo(shown, csrfToken)
}
