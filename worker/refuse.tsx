import type { Context } from 'hono'
import { RefusalPage } from '../web/pages/refusal.tsx'
import type { AppEnv } from './app-env.ts'
import { page, viewerOf } from './page.ts'
import { PROBLEMS, problem, type Refusal } from './problem.ts'

/** Addresses that programs call: refusals there are problem documents, elsewhere they are pages. */
const FOR_PROGRAMS = /^\/(api|v1|services|fragments)(\/|$)|^\/(healthz|readyz|metrics|openapi\.json)$/

/** Answers a refusal in the form that suits who asks: a problem document, the log-in page, or a page that says why. */
export function refuse(c: Context<AppEnv>, refusal: Refusal): Response {
  if (FOR_PROGRAMS.test(c.req.path)) {
    // A page whose session ended goes on at the log-in, not with a refusal in the place of its figures.
    if (refusal.tag === 'unauthenticated' && c.req.header('HX-Request') === 'true') c.header('HX-Redirect', '/login')
    return problem(c, refusal)
  }
  if (refusal.tag === 'unauthenticated') return c.redirect(logInAddress(c), 303)
  const { status, title } = PROBLEMS[refusal.tag]
  const who = c.var.who ?? null
  const view = { status, title, detail: refusal.detail ?? null }
  return page(c, <RefusalPage view={view} viewer={who && viewerOf(c, who)} />, status)
}

function logInAddress(c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  const wanted = `${pathname}${search}`
  return c.req.method === 'GET' && wanted !== '/' ? `/login?next=${encodeURIComponent(wanted)}` : '/login'
}
