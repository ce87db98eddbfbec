import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { maskToken } from '../core/auth/synchroniser-token.ts'
import type { Viewer } from '../web/components/layout.tsx'
import type { AppEnv, Identity } from './app-env.ts'

/** What JSX makes. Components here are synchronous: their data is read before. */
type Content = { toString(): string }

/** Answers a whole page. Cloudflare compresses it on its way, and so does Miniflare on one machine. */
export const page = (c: Context<AppEnv>, content: Content, status: ContentfulStatusCode = 200): Response =>
  c.html(`<!DOCTYPE html>${content.toString()}`, status)

/** Answers a part of a page, for htmx. */
export const fragment = (c: Context<AppEnv>, content: Content): Response => c.html(content.toString())

/** Whom the page is made for. */
export function viewerOf(c: Context<AppEnv>, who: Identity): Viewer {
  const csrf = who.kind === 'user' ? maskToken(who.csrfToken, c.var.parts.random) : null
  return { name: who.name, role: who.role, csrf }
}
