import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'

export const SESSION_HOURS = 12

/** Over https the name itself forbids another host or path to set the cookie (RFC 6265bis, `__Host-`). */
const nameFor = (c: Context): string => (isSecure(c) ? '__Host-picket-session' : 'picket-session')
const isSecure = (c: Context): boolean => new URL(c.req.url).protocol === 'https:'
const attributesFor = (c: Context) => ({ path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecure(c) }) as const

export const sessionToken = (c: Context): string | null => getCookie(c, nameFor(c)) ?? null

export const giveSessionCookie = (c: Context, token: string): void =>
  setCookie(c, nameFor(c), token, { ...attributesFor(c), maxAge: SESSION_HOURS * 3600 })

export function takeSessionCookie(c: Context): void {
  deleteCookie(c, nameFor(c), attributesFor(c))
}
