import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoDay } from '../../core/demo/day.ts'
import { inRoot } from '../../scripts/local/repository.ts'
import { CHROMIUM, launchBrowser, NO_CHROMIUM } from '../support/browser.ts'
import { chatAnswer, geminiAnswer, opinionJson } from '../support/council-fixture.ts'
import { json, type ProviderServer, providerServer } from '../support/provider-server.ts'
import { ADMIN_PASSWORD, API_TOKEN, SENSOR_KEY, type ServedApp, serveApp } from '../support/served-app.ts'

// A honeypot's own log is replayed into the real app; what its model is not sure of becomes cases, judged by servers that
// answer as the providers document it. Then a person works on such a case in a real browser.

if (CHROMIUM === null) console.log(NO_CHROMIUM)

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-council-'))
/** Screenshots go there when it is set, to be looked at. */
const SHOTS = process.env.PICKET_SCREENSHOTS

interface Listed {
  id: number
  route: string
  council_verdict: string | null
}

let providers: ProviderServer
let app: ServedApp
let browser: Browser
/** How long providers take, ms. */
let delay = 0
/** Of an incident whose first case is over. */
let id = 0
const wrong: string[] = []

beforeAll(async () => {
  if (CHROMIUM === null) return
  providers = await providerServer()
  providers.answerWith((response, { url = '' }) => {
    const citations = [
      { evidence: 1, says: 'the first event', facts: [] },
      { evidence: 999, says: 'an event that is not there', facts: [] },
    ]
    const answer = url.includes('generateContent')
      ? geminiAnswer(opinionJson({ verdict: 'INVESTIGATE', citations }))
      : chatAnswer(
          opinionJson({
            verdict: null,
            citations: [],
            actions: [{ action: 'Block the source for an hour', why: 'It guesses (E1)', rollback: 'Unblock it' }],
          }),
        )
    setTimeout(() => json(200, answer)(response), delay)
  })
  app = await serveApp(async () => {}, {
    GEMINI_API_KEY: 'k',
    OPENAI_API_KEY: 'k',
    GEMINI_BASE_URL: providers.origin,
    OPENAI_BASE_URL: providers.origin,
  })
  await replay()
  id = (await judged()).id
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  await app?.stop()
  await providers?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The scripted day's honeypot, in Cowrie's own form, by the command that people use. */
async function replay(): Promise<void> {
  const file = path.join(folder, 'cowrie.json')
  const { honeypot } = demoDay(Date.UTC(2026, 10, 24, 12)).logs
  writeFileSync(file, honeypot.map(({ line }) => `${line}\n`).join(''))
  const { stdout } = await promisify(execFile)('node', [
    inRoot('scripts/replay.ts'),
    file,
    '--url',
    app.origin,
    '--key',
    SENSOR_KEY,
    '--json',
  ])
  expect(JSON.parse(stdout)).toMatchObject({ rejected: 0 })
}

/** The first incident that the council has looked at. */
async function judged(): Promise<Listed> {
  for (const until = Date.now() + 60_000; ; await wait(200)) {
    const answer = await fetch(`${app.origin}/api/incidents?limit=200`, {
      headers: { Authorization: `Bearer ${API_TOKEN}` },
    })
    const { items } = (await answer.json()) as { items: Listed[] }
    const found = items.find(({ council_verdict }) => council_verdict !== null)
    if (found) return found
    if (Date.now() > until) throw new Error(`no case came to an end: ${JSON.stringify(items)}`)
  }
}

async function logIn(options: Parameters<Browser['newContext']>[0] = {}): Promise<[BrowserContext, Page]> {
  const context = await browser.newContext(options)
  context.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text())
  })
  context.on('weberror', (error) => wrong.push(error.error().message))
  const page = await context.newPage()
  await page.goto(`${app.origin}/login`)
  await page.fill('#name', 'admin')
  await page.fill('#password', ADMIN_PASSWORD)
  await page.click('button[type=submit]')
  await page.waitForURL(`${app.origin}/`)
  await page.goto(`${app.origin}/incidents/incident/${id}/council`)
  return [context, page]
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true })
}

describe.skipIf(CHROMIUM === null)("the council's tab in a real browser", () => {
  it('shows the case as it ran to its end, and a citation jumps to its event among the evidence', async () => {
    const [context, page] = await logIn()
    const steps = page.locator('section[aria-labelledby=course] li')
    expect(await steps.count()).toBe(7)
    expect(await steps.last().textContent()).toContain('Verdict written')
    expect(await page.textContent('section[aria-labelledby=not-run]')).toContain('XAI_API_KEY is not set.')
    expect(await page.textContent('s')).toContain('E999')
    // Nobody asked for it: the model was not sure when it opened the incident.
    expect(await page.locator('.requested').count()).toBe(0)
    expect(await page.locator('#running').count()).toBe(0)
    await shoot(page, 'light')
    await page.click('.citations a >> text=E1')
    await page.waitForURL(`${app.origin}/incidents/incident/${id}/evidence#E1`)
    expect(await page.locator('tr:target td').first().textContent()).toBe('1')
    expect(await page.evaluate("document.querySelector('tr:target').getBoundingClientRect().top")).toBeLessThan(720)
    await context.close()
  })

  it('runs live after a person asked again, loses nothing that is typed meanwhile, and is quiet when the case is over', async () => {
    delay = 5_000
    const [context, page] = await logIn()
    const asked: string[] = []
    page.on('request', (request) => {
      if (request.url().includes('/fragments/')) asked.push(request.url())
    })
    await page.fill('#reason-ask-again', 'The source is <b>ours</b>?')
    await page.click('button >> text=Ask again')
    await page.waitForSelector('#running')
    expect(await page.textContent('.requested')).toContain('The source is <b>ours</b>?')
    await page.fill('#reason-stop', 'half a sent')
    await page.evaluate('window.scrollTo(0, 120)')
    const scrolled = await page.evaluate('window.scrollY')
    await expect.poll(() => asked.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2)
    expect(await page.evaluate('document.activeElement.id')).toBe('reason-stop')
    expect(await page.inputValue('#reason-stop')).toBe('half a sent')
    expect(await page.evaluate('window.scrollY')).toBe(scrolled)
    await shoot(page, 'running')
    await page.waitForSelector('#running', { state: 'detached', timeout: 60_000 })
    expect(await page.textContent('section[aria-labelledby=verdict]')).toContain('Case 2 of this incident.')
    expect(await page.textContent('section[aria-labelledby=course] li:last-child')).toContain('Verdict written')
    expect(await page.textContent('.requested')).toContain('Asked by admin')
    const before = asked.length
    await page.waitForTimeout(5_000)
    expect(asked.length).toBe(before)
    await page.goto(`${app.origin}/incidents/incident/${id}`)
    expect(await page.textContent('.history')).toContain('The source is <b>ours</b>?')
    await context.close()
  })

  it('stops a case that runs, with the reason, also without JavaScript', async () => {
    delay = 30_000
    const [context, page] = await logIn({ javaScriptEnabled: false })
    await page.fill('#reason-ask-again', 'once more')
    await page.click('button >> text=Ask again')
    expect(await page.textContent('#running')).toContain('Load the page again')
    await page.fill('#reason-stop', 'it is a test of our own')
    await page.click('button >> text=Stop')
    expect(await page.textContent('section[aria-labelledby=verdict]')).toMatch(
      /Stopped by admin, .*it is a test of our own.*No verdict\./s,
    )
    expect(await page.textContent('section[aria-labelledby=not-run]')).toContain('The case was stopped before.')
    await expect
      .poll(async () => {
        await page.reload()
        return page.locator('#form-ask-again').count()
      })
      .toBe(1)
    await shoot(page, 'stopped')
    await page.click('text=Overview')
    expect(await page.textContent('main')).toContain('the case failed: stopped by admin: it is a test of our own')
    await context.close()
    delay = 0
  })

  it.each([
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
    ['phone', { viewport: { width: 390, height: 844 } }],
  ] as const)('fits its ground: %s', async (name, options) => {
    const [context, page] = await logIn(options)
    for (const details of await page.locator('details').all()) await details.locator('summary').click()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(options.viewport.width)
    await shoot(page, name)
    await context.close()
  })

  it('told no error to the console', () => expect(wrong).toEqual([]))
})
