import type { Child, FC } from 'hono/jsx'
import type { Role } from '../../core/store/schema.ts'

/** Whom a page is made for. */
export interface Viewer {
  name: string
  role: Role
  /** For the forms of the page; null for an API token, which logs in and out of nothing. */
  csrf: string | null
}

export type Place = 'dashboard' | 'incidents' | 'background' | 'intel' | 'models'

const PLACES: { place: Place; href: string; name: string }[] = [
  { place: 'dashboard', href: '/', name: 'Dashboard' },
  { place: 'incidents', href: '/incidents', name: 'Incidents' },
  { place: 'background', href: '/background', name: 'Background' },
  { place: 'intel', href: '/intel', name: 'Intelligence' },
  { place: 'models', href: '/models', name: 'Models' },
]

/** htmx: no style of its own (the policy forbids it); what a reader opened stays open when figures are refreshed. */
const HTMX_CONFIG = JSON.stringify({ includeIndicatorCSS: false, morphIgnore: ['data-htmx-powered', 'open'] })

/** A whole page. `title` is plain text. */
export const Layout: FC<{ title: string; viewer: Viewer | null; place?: Place; children?: Child }> = ({
  title,
  viewer,
  place,
  children,
}) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <meta name="htmx-config" content={HTMX_CONFIG} />
      <title>{`${title} · Picket`}</title>
      <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
      <link rel="stylesheet" href="/app.css" />
      <script src="/local-time.js" defer></script>
      {viewer === null ? null : <script src="/vendor/htmx.min.js" defer></script>}
    </head>
    <body>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Mark />
          Picket
        </a>
        {viewer === null ? null : (
          <nav aria-label="Main">
            {PLACES.map(({ place: own, href, name }) => (
              <a class="tab" href={href} aria-current={own === place ? 'page' : undefined}>
                {name}
              </a>
            ))}
          </nav>
        )}
        {viewer === null ? null : <Account viewer={viewer} />}
      </header>
      <main id="main" tabindex={-1}>
        {children}
      </main>
    </body>
  </html>
)

const Account: FC<{ viewer: Viewer }> = ({ viewer }) => (
  <div class="account">
    <span>
      {viewer.name} <small>{viewer.role}</small>
    </span>
    {viewer.csrf === null ? null : (
      <form method="post" action="/logout">
        <input type="hidden" name="csrf" value={viewer.csrf} />
        <button type="submit" class="quiet">
          Log out
        </button>
      </form>
    )}
  </div>
)

/** Three pickets of a fence. */
const Mark: FC = () => (
  <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
    <path d="M2 21V8l3-4 3 4v13zM9 21V8l3-4 3 4v13zM16 21V8l3-4 3 4v13z" fill="currentColor" />
    <path d="M1 12h22v3H1z" fill="currentColor" opacity=".55" />
  </svg>
)
