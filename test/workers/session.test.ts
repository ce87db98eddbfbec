import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { verifyPassword } from '../../core/auth/password.ts'
import { ROLES, type Role } from '../../core/store/schema.ts'
import { declaredBy } from '../../worker/auth/requires.ts'
import { ownAddress } from '../../worker/routes/session.tsx'
import {
  addPeople,
  appUnderTest,
  bearer,
  cookieOf,
  csrfIn,
  DB,
  form,
  logIn,
  ORIGIN,
  passwordOf,
} from '../support/app-under-test.ts'
import { incidentRow, insertIncidents } from '../support/incident-fixture.ts'

const MINUTE = 60_000

beforeAll(async () => {
  await addPeople()
  await insertIncidents(DB, [incidentRow('first', 3)])
})

beforeEach(async () => {
  await DB.batch([
    DB.prepare('UPDATE users SET failed_logins = 0, locked_until = NULL, disabled_at = NULL'),
    DB.prepare("UPDATE users SET role = name WHERE name IN ('viewer', 'analyst', 'admin')"),
    DB.prepare('DELETE FROM sessions'),
  ])
})

/** Every route with the least role that may use it. A route that is added is added here too. */
const ROUTES: Record<string, 'public' | Role> = {
  'GET /login': 'public',
  'POST /login': 'public',
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /openapi.json': 'public',
  'GET /api/feature-store/stats': 'viewer',
  'GET /api/features/:address': 'viewer',
  'POST /logout': 'viewer',
  'GET /': 'viewer',
  'GET /fragments/dashboard': 'viewer',
  'GET /incidents': 'viewer',
  'GET /incidents/incident/:id{[0-9]{1,15}}': 'viewer',
  'GET /incidents/incident/:id{[0-9]{1,15}}/council': 'viewer',
  'GET /fragments/incident/:id{[0-9]{1,15}}/council': 'viewer',
  'GET /api/council/stats': 'viewer',
  'POST /api/incidents/:id/council/ask-again': 'analyst',
  'POST /api/incidents/:id/council/stop': 'analyst',
  'POST /incidents/incident/:id{[0-9]{1,15}}/council/ask-again': 'analyst',
  'POST /incidents/incident/:id{[0-9]{1,15}}/council/stop': 'analyst',
  'GET /incidents/incident/:id{[0-9]{1,15}}/evidence': 'viewer',
  'GET /incidents/incident/:id{[0-9]{1,15}}/evidence/:n{[0-9]{1,4}}': 'viewer',
  'POST /incidents/incident/:id{[0-9]{1,15}}/triage': 'analyst',
  'POST /incidents/incident/:id{[0-9]{1,15}}/verdict': 'analyst',
  'GET /background': 'viewer',
  'GET /api/incidents': 'viewer',
  'GET /api/incidents/:id': 'viewer',
  'PATCH /api/incidents/:id': 'analyst',
  'POST /api/incidents/:id/verdict': 'analyst',
  'DELETE /api/incidents/:id/verdict': 'analyst',
  'GET /api/incidents/:id/council': 'analyst',
  'GET /api/sensors': 'viewer',
  'GET /api/intel/lists': 'viewer',
  'POST /api/intel/lists': 'admin',
  'DELETE /api/intel/lists/:id': 'admin',
  'POST /api/intel/lists/:id/refresh': 'admin',
  'GET /intel': 'viewer',
  'GET /api/training': 'viewer',
  'GET /api/training/status': 'viewer',
  'POST /api/training/run': 'admin',
  'POST /api/training/stop': 'admin',
  'GET /api/models': 'viewer',
  'GET /models': 'viewer',
  'GET /fragments/models': 'viewer',
  'POST /models/train': 'admin',
  'POST /models/stop': 'admin',
  'GET /metrics': 'viewer',
}

const routesOf = ({ app }: ReturnType<typeof appUnderTest>) => {
  const found: Record<string, 'public' | Role | null> = {}
  for (const { method, path, handler } of app.routes) {
    if (method === 'ALL') continue
    const name = `${method} ${path}`
    found[name] = declaredBy(handler) ?? found[name] ?? null
  }
  return found
}

const addressOf = (route: string): [method: string, path: string] => {
  const [method = '', pattern = ''] = route.split(' ')
  return [method, pattern.replace(/:\w+(\{[^/]*\})?/g, '1')]
}

const sendTo = (route: string, headers: Record<string, string>): [string, RequestInit] => {
  const [method, path] = addressOf(route)
  return [path, { method, headers: { 'Content-Type': 'application/json', Origin: ORIGIN, ...headers } }]
}

const isRefusal = (answer: Response): boolean =>
  answer.status === 401 || (answer.status === 303 && (answer.headers.get('Location') ?? '').startsWith('/login'))

describe('roles', () => {
  it('every route declares who it is for, as the table says', () => {
    expect(routesOf(appUnderTest())).toEqual(ROUTES)
  })

  it.each(Object.keys(ROUTES).filter((route) => ROUTES[route] !== 'public'))(
    '%s is refused to strangers',
    async (route) => {
      const { request } = appUnderTest()
      for (const headers of [
        {},
        { Authorization: 'Bearer no-such-token' },
        { Cookie: '__Host-picket-session=made-up' },
      ]) {
        expect(isRefusal(await request(...sendTo(route, headers as Record<string, string>)))).toBe(true)
      }
    },
  )

  it.each(Object.entries(ROUTES).filter(([, access]) => access === 'analyst' || access === 'admin'))(
    '%s is refused below %s',
    async (route, access) => {
      const under = appUnderTest()
      for (const role of ROLES.slice(0, ROLES.indexOf(access as Role))) {
        expect((await under.request(...sendTo(route, bearer(role)))).status).toBe(403)
        expect((await under.request(...sendTo(route, { Cookie: await logIn(under, role) }))).status).toBe(403)
      }
    },
  )

  it('a route that nobody declared is not there, even for an admin', async () => {
    const { app, request } = appUnderTest()
    app.get('/forgotten', (c) => c.text('secret'))
    expect((await request('/forgotten', { headers: bearer('admin') })).status).toBe(404)
  })

  it('a token that is revoked or over is refused', async () => {
    const { request } = appUnderTest()
    const ask = () => request('/api/incidents', { headers: bearer('viewer') })
    expect((await ask()).status).toBe(200)
    await DB.prepare("UPDATE api_tokens SET revoked_at = 1 WHERE name = 'viewer'").run()
    expect((await ask()).status).toBe(401)
    await DB.prepare("UPDATE api_tokens SET revoked_at = NULL, expires_at = 1 WHERE name = 'viewer'").run()
    expect((await ask()).status).toBe(401)
    await DB.prepare("UPDATE api_tokens SET expires_at = NULL WHERE name = 'viewer'").run()
  })
})

describe('log-in', () => {
  it('gives a session that the pages accept, in a cookie that scripts and other sites cannot reach', async () => {
    const under = appUnderTest()
    const answer = await under.request('/login', form({ name: 'viewer', password: passwordOf('viewer') }))
    expect(answer.status).toBe(303)
    expect(answer.headers.get('Location')).toBe('/')
    const cookie = answer.headers.get('Set-Cookie')!
    expect(cookie).toMatch(/^__Host-picket-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
    expect((await under.request('/', { headers: { Cookie: cookieOf(answer) } })).status).toBe(200)
  })

  it('over plain http, as on one machine, the cookie has no Secure and no prefix', async () => {
    const { app } = appUnderTest()
    const answer = await app.request(
      'http://localhost:8787/login',
      form({ name: 'viewer', password: passwordOf('viewer') }, { Origin: 'http://localhost:8787' }),
      { DB },
    )
    expect(answer.headers.get('Set-Cookie')).toMatch(
      /^picket-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })

  it('stores no token: what the database holds cannot be used as a cookie', async () => {
    const under = appUnderTest()
    const cookie = await logIn(under, 'viewer')
    const { results } = await DB.prepare('SELECT token_hash FROM sessions').all<{ token_hash: string }>()
    expect(results).toHaveLength(1)
    expect(cookie).not.toContain(results[0]!.token_hash)
    const forged = { Cookie: `__Host-picket-session=${results[0]!.token_hash}` }
    expect(isRefusal(await under.request('/', { headers: forged }))).toBe(true)
  })

  it('begins a new session each time and ends the one it came with (fixation)', async () => {
    const under = appUnderTest()
    const first = await logIn(under, 'viewer')
    const again = await under.request(
      '/login',
      form({ name: 'admin', password: passwordOf('admin') }, { Cookie: first }),
    )
    const second = cookieOf(again)
    expect(second).not.toBe(first)
    expect(isRefusal(await under.request('/', { headers: { Cookie: first } }))).toBe(true)
    const planted = '__Host-picket-session=planted-by-somebody'
    const third = cookieOf(
      await under.request('/login', form({ name: 'admin', password: passwordOf('admin') }, { Cookie: planted })),
    )
    expect(third).not.toBe(planted)
    expect(isRefusal(await under.request('/', { headers: { Cookie: planted } }))).toBe(true)
  })

  it('a session ends after twelve hours', async () => {
    const under = appUnderTest()
    const headers = { Cookie: await logIn(under, 'viewer') }
    under.clock.now += 12 * 60 * MINUTE - 1
    expect((await under.request('/', { headers })).status).toBe(200)
    under.clock.now += 1
    expect(isRefusal(await under.request('/', { headers }))).toBe(true)
  })

  it('a user who is disabled or lowered feels it at once', async () => {
    const under = appUnderTest()
    const headers = { Cookie: await logIn(under, 'analyst'), Origin: ORIGIN, 'Content-Type': 'application/json' }
    const change = { method: 'PATCH', headers, body: '{"severity":"low"}' }
    expect((await under.request('/api/incidents/1', change)).status).toBe(200)
    await DB.prepare("UPDATE users SET role = 'viewer' WHERE name = 'analyst'").run()
    expect((await under.request('/api/incidents/1', change)).status).toBe(403)
    await DB.prepare("UPDATE users SET disabled_at = 1 WHERE name = 'analyst'").run()
    expect((await under.request('/api/incidents/1', change)).status).toBe(401)
    expect((await under.request('/login', form({ name: 'analyst', password: passwordOf('analyst') }))).status).toBe(401)
  })

  it('log-out ends the session itself, not only the cookie', async () => {
    const under = appUnderTest()
    const headers = { Cookie: await logIn(under, 'viewer') }
    const csrf = csrfIn(await (await under.request('/', { headers })).text())
    const answer = await under.request('/logout', form({ csrf }, headers))
    expect(answer.status).toBe(303)
    expect(answer.headers.get('Set-Cookie')).toMatch(/Max-Age=0/)
    expect(isRefusal(await under.request('/', { headers }))).toBe(true)
  })

  it('a refused name and a refused password are answered alike, and cost alike', async () => {
    const checked: (string | null)[] = []
    const under = appUnderTest(undefined, {
      verifyPassword: (password, stored) => {
        checked.push(stored)
        return verifyPassword(password, stored)
      },
    })
    const answers = await Promise.all(
      [form({ name: 'viewer', password: 'wrong' }), form({ name: 'nobody', password: 'wrong' })].map(async (init) => {
        const answer = await under.request('/login', init)
        return { status: answer.status, text: (await answer.text()).replaceAll(/value="(viewer|nobody)"/g, '') }
      }),
    )
    expect(answers[0]!.status).toBe(401)
    expect(answers[0]).toEqual(answers[1])
    expect(checked.filter((stored) => stored === null)).toHaveLength(1)
    expect(checked).toHaveLength(2)
  })

  it('leads back to the page that was asked for, and nowhere else', async () => {
    const under = appUnderTest()
    const asked = await under.request('/incidents?severity=high')
    expect(asked.headers.get('Location')).toBe('/login?next=%2Fincidents%3Fseverity%3Dhigh')
    const fields = { name: 'viewer', password: passwordOf('viewer') }
    const answer = await under.request('/login', form({ ...fields, next: '/incidents?severity=high' }))
    expect(answer.headers.get('Location')).toBe('/incidents?severity=high')
    for (const next of [
      'https://evil.test/',
      '//evil.test/',
      '/\\evil.test/',
      '/\t/evil.test/',
      '/.//evil.test/',
      'javascript:alert(1)',
      '\\\\evil.test',
      '/%0d%0aSet-Cookie:x=1',
      '',
    ]) {
      const address = ownAddress(next, `${ORIGIN}/login`)
      expect(new URL(address, ORIGIN).origin).toBe(ORIGIN)
      expect(address).toMatch(/^\/(?!\/)/)
    }
  })

  it('every log-in and refusal of a known user is in the audit log, with no password in it', async () => {
    const under = appUnderTest()
    await DB.prepare('DELETE FROM audit_log').run()
    await under.request('/login', form({ name: 'viewer', password: 'hunter2' }))
    await under.request('/login', form({ name: 'nobody', password: 'hunter2' }))
    await logIn(under, 'viewer')
    const { results } = await DB.prepare('SELECT * FROM audit_log ORDER BY id').all()
    expect(results.map(({ actor, action, subject_id }) => [actor, action, subject_id])).toEqual([
      ['picket', 'log-in-refused', 'viewer'],
      ['user:viewer', 'logged-in', 'viewer'],
    ])
    expect(JSON.stringify(results)).not.toContain('hunter2')
  })
})

describe('lock-out', () => {
  const wrong = form({ name: 'viewer', password: 'wrong' })
  const right = form({ name: 'viewer', password: passwordOf('viewer') })

  it('after five wrong passwords the right one is refused until the pause is over', async () => {
    const under = appUnderTest()
    for (let i = 0; i < 5; i++) expect((await under.request('/login', wrong)).status).toBe(401)
    expect((await under.request('/login', right)).status).toBe(401)
    under.clock.now += 29_999
    expect((await under.request('/login', right)).status).toBe(401)
    under.clock.now += 1
    expect((await under.request('/login', right)).status).toBe(303)
  })

  it('the pause grows with each further failure, and a right password ends the count', async () => {
    const under = appUnderTest()
    for (let i = 0; i < 5; i++) await under.request('/login', wrong)
    under.clock.now += 30_000
    await under.request('/login', wrong)
    under.clock.now += 59_999
    expect((await under.request('/login', right)).status).toBe(401)
    under.clock.now += 1
    expect((await under.request('/login', right)).status).toBe(303)
    for (let i = 0; i < 4; i++) await under.request('/login', wrong)
    expect((await under.request('/login', right)).status).toBe(303)
  })

  it('tries during the pause do not make it longer', async () => {
    const under = appUnderTest()
    for (let i = 0; i < 12; i++) await under.request('/login', wrong)
    under.clock.now += 30_000
    expect((await under.request('/login', right)).status).toBe(303)
  })

  it('thirty guesses at the same moment are no way around it', async () => {
    let looked = 0
    const under = appUnderTest(undefined, {
      verifyPassword: async (_, stored) => {
        if (stored !== null) looked++
        return false
      },
    })
    await Promise.all(Array.from({ length: 30 }, () => under.request('/login', wrong)))
    expect(looked).toBeGreaterThan(0)
    expect(looked).toBeLessThanOrEqual(5)
  })

  it('another user is not locked with it', async () => {
    const under = appUnderTest()
    for (let i = 0; i < 6; i++) await under.request('/login', wrong)
    expect(await logIn(under, 'admin')).toMatch(/^__Host-/)
  })
})

describe('requests from elsewhere', () => {
  const patch = (headers: Record<string, string>): RequestInit => ({
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: '{"status":"investigating"}',
  })

  it('a form without the token, or with the token of another session, is refused', async () => {
    const under = appUnderTest()
    const headers = { Cookie: await logIn(under, 'analyst') }
    const others = { Cookie: await logIn(under, 'analyst') }
    const page = async (who: Record<string, string>) => (await under.request('/', { headers: who })).text()
    const triage = async (csrf: string) =>
      (await under.request('/incidents/incident/1/triage', form({ csrf, status: 'investigating' }, headers))).status
    expect(await triage('')).toBe(403)
    expect(await triage(csrfIn(await page(others)))).toBe(403)
    expect(await triage(csrfIn(await page(headers)))).toBe(303)
  })

  it('a page of another site changes nothing, whatever it sends', async () => {
    const under = appUnderTest()
    const Cookie = await logIn(under, 'analyst')
    const csrf = csrfIn(await (await under.request('/', { headers: { Cookie } })).text())
    for (const from of [
      { Origin: 'https://evil.test' },
      { Origin: 'null' },
      { Origin: 'https://picket.test.evil.test' },
      { Origin: 'http://picket.test' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      const headers: Record<string, string> = { Cookie, ...(from as unknown as Record<string, string>) }
      expect((await under.request('/api/incidents/1', patch(headers))).status).toBe(403)
      const answer = await under.request('/incidents/incident/1/triage', {
        ...form({ csrf, status: 'investigating' }),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      })
      expect(answer.status).toBe(403)
    }
  })

  it('another site cannot log a browser in', async () => {
    const { request } = appUnderTest()
    const fields = { name: 'viewer', password: passwordOf('viewer') }
    expect((await request('/login', form(fields, { Origin: 'https://evil.test' }))).status).toBe(403)
  })

  it('JSON with a cookie needs the Origin or the token; with an API token it needs neither', async () => {
    const under = appUnderTest()
    const Cookie = await logIn(under, 'analyst')
    const csrf = csrfIn(await (await under.request('/', { headers: { Cookie } })).text())
    expect((await under.request('/api/incidents/1', patch({ Cookie }))).status).toBe(403)
    expect((await under.request('/api/incidents/1', patch({ Cookie, Origin: ORIGIN }))).status).toBe(200)
    expect((await under.request('/api/incidents/1', patch({ Cookie, 'X-CSRF-Token': csrf }))).status).toBe(200)
    expect((await under.request('/api/incidents/1', patch(bearer('analyst')))).status).toBe(200)
    const disguised = {
      ...patch({ Cookie, Origin: ORIGIN }),
      headers: { Cookie, Origin: ORIGIN, 'Content-Type': 'text/plain' },
    }
    expect((await under.request('/api/incidents/1', disguised)).status).toBe(403)
  })
})

describe('security headers', () => {
  it.each(['/', '/login', '/nope', '/api/incidents', '/api/nope', '/healthz', '/metrics'])(
    '%s carries them',
    async (path) => {
      const { request } = appUnderTest()
      const { headers } = await request(path, { headers: bearer('viewer') })
      expect(headers.get('Content-Security-Policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      )
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('Referrer-Policy')).toBe('same-origin')
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('Strict-Transport-Security')).toContain('max-age=')
    },
  )

  it('a body that is larger than any form is refused', async () => {
    const { request } = appUnderTest()
    const answer = await request('/login', form({ name: 'x'.repeat(100_000), password: 'x' }))
    expect(answer.status).toBe(413)
  })
})
