import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM, launchBrowser, NO_CHROMIUM } from '../support/browser.ts'
import { HOSTILE_TEXT } from '../support/hostile-text.ts'
import {
  eveEvidence,
  hostileIncident,
  incidentRow,
  insertEvidence,
  insertIncidents,
  insertSources,
} from '../support/incident-fixture.ts'
import { ADMIN_PASSWORD, type ServedApp, serveApp } from '../support/served-app.ts'

if (CHROMIUM === null) console.log(NO_CHROMIUM)

let app: ServedApp
let browser: Browser
let ids: number[] = []
/** Of the incident with five hundred long lines, and of a campaign. */
let long = 0
let campaign = 0

beforeAll(async () => {
  if (CHROMIUM === null) return
  app = await serveApp(fill)
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

async function fill(database: D1Database): Promise<void> {
  const hostile = HOSTILE_TEXT.map((text, i) => hostileIncident(`x${i}`, text))
  ids = await insertIncidents(
    database,
    hostile.map(({ incident }) => incident),
  )
  await insertEvidence(
    database,
    hostile.flatMap(({ evidence }, i) => [
      evidence,
      // Together on one page too, where one could close what another opened.
      ...(i === 0 ? hostile.slice(1).map((other, n) => ({ ...other.evidence, incident_key: 'x0', n: n + 2 })) : []),
    ]),
  )
  await database.batch(
    HOSTILE_TEXT.flatMap((text, i) => [
      database
        .prepare('INSERT INTO sensors (id, name, key_hash, created_at) VALUES (?, ?, ?, 0)')
        .bind(`s${i}`, text, `h${i}`),
      database.prepare("INSERT INTO background_sources VALUES ('p0', ?, 2, 1, 2, 0.7, 0, 0)").bind(text),
    ]),
  )
  ;[long = 0, campaign = 0] = await insertIncidents(database, [
    incidentRow('long', 4, { created_at: Date.now() }),
    incidentRow('campaign', 1, { kind: 'campaign', sources_count: 300, created_at: Date.now() }),
  ])
  await insertEvidence(
    database,
    Array.from({ length: 500 }, (_, i) => eveEvidence('long', i + 1)),
  )
  await insertSources(database, 'campaign', 300)
}

async function logIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${app.origin}/login`)
  await page.fill('#name', 'admin')
  await page.fill('#password', ADMIN_PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForURL(`${app.origin}/`)
  return page
}

const pagesOf = (): string[] => [
  '/',
  '/incidents',
  `/incidents/incident/${long}`,
  `/incidents/incident/${long}/evidence`,
  `/incidents/incident/${long}/evidence/7`,
  `/incidents/incident/${campaign}`,
  '/background',
  '/nothing-here',
]

// What runs inside the page is text: this program's types are those of Node and Workers, not of a browser.
/** Moves over and focuses everything, then tells what is there that we did not write. */
const TOUCH_AND_LOOK = `(() => {
  for (const element of document.querySelectorAll('*'))
    for (const event of ['mouseover', 'focus', 'toggle']) element.dispatchEvent(new Event(event, { bubbles: true }))
  return {
    owned: 'owned' in window,
    handlers: [...document.querySelectorAll('*')].flatMap((element) =>
      [...element.attributes].map(({ name }) => name).filter((name) => /^on|^style$|^srcdoc$/i.test(name))),
    scripts: [...document.scripts].map((script) => script.getAttribute('src')),
    frames: document.querySelectorAll('iframe, object, embed, base, img, video, style').length,
  }
})()`

/** Puts a script and a handler into the page; tells whether either ran. */
const BREAK_IN = `new Promise((resolve) => {
  const script = document.createElement('script')
  script.textContent = 'window.owned = 1'
  document.body.append(script)
  document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.owned=1">')
  setTimeout(() => resolve('owned' in window), 300)
})`

describe.skipIf(CHROMIUM === null)('hostile text in a real browser', () => {
  it('runs nowhere, fetches nothing and listens to nothing, even with the content policy switched off', async () => {
    const context = await browser.newContext({ bypassCSP: true })
    const elsewhere: string[] = []
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== app.origin) elsewhere.push(request.url())
    })
    context.on('dialog', (dialog) => {
      elsewhere.push(`dialog ${dialog.message()}`)
      return dialog.dismiss()
    })
    const page = await logIn(context)
    const queues = [
      '/',
      '/incidents?limit=200&status=all',
      '/background',
      `/incidents/incident/${ids[0]}/evidence`,
      ...HOSTILE_TEXT.map((text) => `/incidents?status=all&q=${encodeURIComponent(text)}`),
    ]
    const alone = ids.flatMap((id) => [`/incidents/incident/${id}`, `/incidents/incident/${id}/evidence/1`])
    for (const path of [...queues, ...alone]) {
      await page.goto(`${app.origin}${path}`)
      const found = await page.evaluate(TOUCH_AND_LOOK)
      expect(found, path).toEqual({
        owned: false,
        handlers: [],
        scripts: ['/local-time.js', '/vendor/htmx.min.js'],
        frames: 0,
      })
    }
    expect(elsewhere).toEqual([])
    // With the policy off a script that did get in would have run: the check above can fail.
    expect(await page.evaluate(BREAK_IN)).toBe(true)
    await context.close()
  })

  it('the content policy by itself keeps a script that got into a page from running', async () => {
    const context = await browser.newContext()
    const page = await logIn(context)
    expect(await page.evaluate(BREAK_IN)).toBe(false)
    await context.close()
  })
})

describe.skipIf(CHROMIUM === null)('pages in a real browser', () => {
  it('are shown without an error, a refused resource or a request elsewhere', async () => {
    const context = await browser.newContext()
    const wrong: string[] = []
    context.on('console', (message) => {
      const of404 = message.text().includes('404 (Not Found)') && message.location().url.endsWith('/nothing-here')
      if (message.type() === 'error' && !of404) wrong.push(message.text())
    })
    context.on('weberror', (error) => wrong.push(error.error().message))
    context.on('request', (request) => {
      if (new URL(request.url()).origin !== app.origin) wrong.push(request.url())
    })
    const page = await logIn(context)
    for (const path of pagesOf()) await page.goto(`${app.origin}${path}`, { waitUntil: 'networkidle' })
    expect(wrong).toEqual([])
    await context.close()
  })

  it('fit on a phone: nothing makes the page wider than 390 px', async () => {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
    const page = await logIn(context)
    for (const path of pagesOf()) {
      await page.goto(`${app.origin}${path}`)
      expect(await page.evaluate('document.documentElement.scrollWidth'), path).toBeLessThanOrEqual(390)
    }
    await context.close()
  })

  it('with JavaScript off a person logs in, reads and works', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await logIn(context)
    await page.goto(`${app.origin}/incidents/incident/${long}`)
    expect(await page.textContent('.sentence')).toContain('UTC')
    await page.click('text=Mark as investigating')
    expect(await page.textContent('.incident-header .status')).toBe('investigating')
    await page.click('text=Assign to me')
    expect(await page.textContent('.incident-header')).toContain('assigned to admin')
    await page.click('text=Log out')
    await page.goto(`${app.origin}/incidents`)
    expect(new URL(page.url()).pathname).toBe('/login')
    await context.close()
  })

  it('show times in the zone of the viewer, with UTC in the title', async () => {
    const context = await browser.newContext({ timezoneId: 'Asia/Kolkata' })
    const page = await logIn(context)
    await page.goto(`${app.origin}/incidents/incident/${ids[0]}`)
    const time = page.locator('.sentence time').first()
    expect(await time.getAttribute('title')).toBe('2026-11-24 07:13:00 UTC')
    expect(await time.textContent()).toBe('2026-11-24 12:43:00 GMT+5:30')
    await context.close()
  })

  it('the dashboard is measured anew while it is read, and moves nothing', async () => {
    const context = await browser.newContext({ viewport: { width: 1000, height: 500 } })
    const page = await logIn(context)
    await page.waitForLoadState('networkidle')
    await page.evaluate("window.heading = document.querySelector('#sensors-title'); window.heading.scrollIntoView()")
    const place = () => page.evaluate('window.heading.getBoundingClientRect().top')
    const before = await place()
    for (let i = 0; i < 2; i++) {
      const answer = await page.waitForResponse(`${app.origin}/fragments/dashboard`)
      await answer.finished()
    }
    await page.waitForTimeout(200)
    expect(await place()).toBe(before)
    expect(await page.evaluate("window.heading === document.querySelector('#sensors-title')")).toBe(true)
    await context.close()
  })

  it('an incident with five hundred events comes in under 100 KB', async () => {
    const context = await browser.newContext()
    const page = await logIn(context)
    for (const path of [`/incidents/incident/${long}`, `/incidents/incident/${long}/evidence`]) {
      const answer = await page.goto(`${app.origin}${path}`)
      const { responseBodySize } = await answer!.request().sizes()
      expect(responseBodySize, path).toBeGreaterThan(1_000)
      expect(responseBodySize, path).toBeLessThan(100_000)
    }
    await context.close()
  })
})
