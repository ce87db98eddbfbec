import { Hono } from 'hono'
import { noteAuditOfUser } from '../../adapters/d1/audit-log.ts'
import { SessionStore } from '../../adapters/d1/session-store.ts'
import { LogInPage } from '../../web/pages/log-in.tsx'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf, identify } from '../auth/identify.ts'
import { logIn } from '../auth/log-in.ts'
import { requires } from '../auth/requires.ts'
import { comesFromHere } from '../auth/same-site.ts'
import { takeSessionCookie } from '../auth/session-cookie.ts'
import { page } from '../page.ts'
import { refuse } from '../refuse.tsx'

export const session = new Hono<AppEnv>()
  .get('/login', requires('public'), async (c) => {
    const next = ownAddress(c.req.query('next') ?? '/', c.req.url)
    if ((await identify(c)) !== null) return c.redirect(next, 303)
    return page(c, <LogInPage view={{ next, name: '', refused: false }} />)
  })
  .post('/login', requires('public'), async (c) => {
    // Nobody is logged in yet, so there is no token to ask for; another site's form must still not log a browser in.
    if (!comesFromHere(c)) return refuse(c, { tag: 'cross-site-request' })
    const form = await c.req.parseBody()
    const name = text(form.name, 200)
    const next = ownAddress(text(form.next, 2_000), c.req.url)
    if (await logIn(c, name, text(form.password, 4_096))) return c.redirect(next, 303)
    return page(c, <LogInPage view={{ next, name, refused: true }} />, 401)
  })
  .post('/logout', requires('viewer'), async (c) => {
    const who = whoOf(c)
    if (who.kind === 'user') {
      await new SessionStore(c.var.db).end(who.sessionHash)
      await noteAuditOfUser(c.var.db, who.id, {
        at: c.var.now,
        actor: actorOf(who),
        action: 'logged-out',
        detail: {},
      })
      takeSessionCookie(c)
    }
    return c.redirect('/login', 303)
  })

const text = (value: unknown, longest: number): string => (typeof value === 'string' ? value.slice(0, longest) : '')

/** The address when it is one of ours, else the dashboard: a log-in must lead nowhere else (open redirect). */
export function ownAddress(wanted: string, here: string): string {
  const { origin } = new URL(here)
  if (!wanted.startsWith('/') || !URL.canParse(wanted, origin)) return '/'
  const { origin: to, pathname, search } = new URL(wanted, origin)
  return to !== origin || pathname.startsWith('//') || pathname === '/login' ? '/' : `${pathname}${search}`
}
