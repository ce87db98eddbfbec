import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemblePack } from '../../../core/council/assemble-pack.ts'
import { costOf, type Plan, pathOf } from '../../../core/council/case.ts'
import { chooseEvents, EVENTS_SHOWN, sliceOf } from '../../../core/council/choose-events.ts'
import type { PackEvent, ScenarioHit } from '../../../core/council/evidence-pack.ts'
import { ground } from '../../../core/council/grounding.ts'
import { isPassword, Masker } from '../../../core/council/masking.ts'
import { MOST_TOKENS, writePrompt } from '../../../core/council/prompt.ts'
import type { Opinion } from '../../../core/council/verifier.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { COUNCIL_TS, logIns } from '../../support/council-fixture.ts'
import { NO_OPINION, opinion, runCase } from '../../support/council-run.ts'
import { incidentRow } from '../../support/incident-fixture.ts'

const SOURCE = '45.33.32.156'
const packOf = (evidence: readonly PackEvent[], over: Record<string, unknown> = {}, scenarioHits: ScenarioHit[] = []) =>
  assemblePack(
    {
      ...incidentRow('key', 3, { ml_confidence: 0.72, src_ip: SOURCE, ...over }),
      intel: null,
    } as unknown as IncidentRow,
    evidence,
    { scenarioHits, similar: [], intel: null },
  )

describe('the events of a pack', () => {
  const kinds = fc.array(fc.tuple(fc.nat(1_000), fc.constantFrom('a', 'b', 'c', 'd', 'rare')), { maxLength: 200 })
  const eventsFrom = (drawn: [number, string][]): PackEvent[] =>
    drawn.map(([second, event_type], i) => {
      const [base] = logIns(1)
      const ts = COUNCIL_TS + second * 1_000
      return { ...base!, n: i + 1, ts, event: { ...base!.event, ts, event_type } }
    })

  it('are at most forty, hold the first, the last and one of each type, and do not depend on order', () =>
    fc.assert(
      fc.property(kinds, fc.nat(), (drawn, seed) => {
        const events = eventsFrom(drawn)
        const chosen = chooseEvents(events)
        expect(chosen.length).toBe(Math.min(EVENTS_SHOWN, events.length))
        const inTime = [...events].sort((a, b) => a.ts - b.ts || a.n - b.n)
        if (events.length > 0) expect(chosen).toContain(inTime[0])
        if (events.length > 0) expect(chosen).toContain(inTime.at(-1))
        expect(new Set(chosen.map(({ event }) => event.event_type))).toEqual(
          new Set(events.map(({ event }) => event.event_type)),
        )
        const shuffled = [...events].sort((a, b) => ((a.n * 7919 + seed) % 211) - ((b.n * 7919 + seed) % 211))
        expect(chooseEvents(shuffled)).toEqual(chosen)
      }),
    ))

  it('of a slice are those that were not shown and are of the type and time asked for', () => {
    const events = logIns(200)
    const shown = chooseEvents(events)
    const from = COUNCIL_TS + 50_000
    const slice = sliceOf(events, shown, { eventType: 'ssh.login.failed', from, to: from + 20_000 })
    expect(slice.length).toBeGreaterThan(0)
    for (const { n, ts } of slice) {
      expect(shown.some((one) => one.n === n)).toBe(false)
      expect(ts).toBeGreaterThanOrEqual(from)
      expect(ts).toBeLessThanOrEqual(from + 20_000)
    }
  })
})

describe('a prompt', () => {
  const promptOf = (evidence: readonly PackEvent[], disclosure: 'masked' | 'blind' | 'indicators' = 'masked') => {
    const pack = packOf(evidence)
    const masker = new Masker(pack, evidence, [], [])
    const asked = { role: 'judge' as const, pack, before: [], isLast: false }
    return { masker, ...writePrompt(asked, { marker: 'm4rk3r', masker, disclosure }) }
  }

  it('stays under its bound of tokens with the largest events that can be', () => {
    const text = '“x”'.repeat(1_300)
    const evidence = logIns(500, {
      username: text,
      password: text,
      command: text,
      url: text,
      http: { path: text, user_agent: text, host: text },
    })
    const { tokens, user } = promptOf(evidence)
    expect(tokens).toBeLessThan(MOST_TOKENS)
    expect(user).toContain('Shown below: 40')
  })

  it('tells past cases that somebody judged, without names, and none that was itself reused', () => {
    const evidence = logIns(3)
    const past = { key: 'k', incidentId: 4, similarity: 0.99, threatClass: 3 as const, verdict: 'THREAT' as const }
    const said = { ...past, confidence: 1, by: 'analyst' as const, who: 'Ada', at: COUNCIL_TS, isReused: false }
    const similar = [said, { ...said, similarity: 0.98, isReused: true }]
    const asked = { role: 'judge' as const, pack: { ...packOf(evidence), similar }, before: [], isLast: false }
    const masker = new Masker(asked.pack, evidence, [], [])
    const { user } = writePrompt(asked, { marker: 'm4rk3r', masker, disclosure: 'masked' })
    expect(user).toContain('similarity 0.990, class 3, THREAT by analyst')
    expect(user).not.toMatch(/0\.980|Ada/)
  })

  it('says how many events it shows of how many, and stands between its markers', () => {
    const { user } = promptOf(logIns(60))
    expect(user).toContain('Seen: 12345 events')
    expect(user).toContain('Kept as evidence: 60. Shown below: 40')
    expect(user.match(/m4rk3r/g)).toHaveLength(2)
    expect(user.trimEnd().endsWith('END DATA m4rk3r')).toBe(true)
  })

  it('shows control characters by name and keeps every field on its line', () => {
    const { user } = promptOf(logIns(3, { command: 'a\nE9 ts=now\u202eb\u0000c' }))
    expect(user).toContain('a[U+000A]E9 ts=now[U+202E]b[U+0000]c')
    expect(user.split('\n').some((line) => line.startsWith('E9'))).toBe(false)
  })

  it('holds no value that is to be masked, whatever the value, and gives each back', () =>
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, maxLength: 20 }).filter((value) => /[a-z]{4}/i.test(value)),
        fc.string({ minLength: 6, maxLength: 20, unit: fc.constantFrom(...'abcxyz019/%+?=".\\') }),
        (name, secret) => {
          const username = `u-${name}`
          const password = `P${secret}!`
          const evidence = logIns(4, { username, password, command: `echo '${password}' | passwd ${username}` })
          const { user, masker } = promptOf(evidence)
          const written = [password, JSON.stringify(password).slice(1, -1), encodeURIComponent(password)]
          for (const spelling of written) expect(user).not.toContain(spelling)
          const mask = masker.masks.find(({ value }) => value === username)!
          expect(masker.restore(`${mask.token} did it`)).toBe(`${username} did it`)
          expect(masker.restore('PASSWORD_1', isPassword)).toBe('PASSWORD_1')
          expect(masker.restore('PASSWORD_1')).toBe(password)
        },
      ),
    ))

  it('tells the address of a stranger and no address of ours', () => {
    const { user } = promptOf(logIns(4, { command: 'ping 10.0.0.9 and fe80::1 at 07:00:01' }))
    expect(user).toContain(SOURCE)
    expect(user).not.toMatch(/10\.0\.0|fe80|bastion|gateway/)
    expect(user).toContain('07:00:01')
  })
})

describe('grounding', () => {
  const evidence = logIns(6)
  const pack = packOf(evidence)
  const check = (citation: Opinion['citations'][number]) =>
    ground(opinion({ citations: [citation] }), evidence, pack).citations[0]!
  const says = (field: string, value: string, n = 2) => check({ evidence: n, says: '', facts: [{ field, value }] })

  it.each([
    ['username', 'root'],
    ['dst_port', '22'],
    ['dst_port', '22.0'],
    ['count', '5'],
    ['ts', '2026-11-24T07:00:01Z'],
    ['ts', String(COUNCIL_TS + 1_500)],
    ['event_type', 'SSH.login.failed'],
  ])('lets %s = %s stand', (field, value) => {
    expect(says(field, value)).toMatchObject({ struck: null, checked: 1 })
  })

  it.each([
    ['username', 'admin'],
    ['dst_port', '23'],
    ['dst_port', ''],
    ['count', '6'],
    ['ts', '2026-11-24T08:00:01Z'],
    ['ts', 'yesterday'],
    ['http.path', '/'],
    ['__proto__', 'x'],
    ['constructor.name', 'Object'],
  ])('strikes %s = %s', (field, value) => {
    expect(says(field, value).struck).not.toBeNull()
  })

  it('strikes a citation of an event that does not exist, and one with a single false fact', () => {
    expect(check({ evidence: 99, says: '', facts: [] }).struck).toBe('there is no E99')
    const facts = [
      { field: 'username', value: 'root' },
      { field: 'dst_port', value: '80' },
    ]
    expect(check({ evidence: 2, says: '', facts }).struck).not.toBeNull()
  })
})

describe('the verdict', () => {
  const evidence = logIns(6)
  const accuse = (over: Partial<Opinion> = {}) => opinion({ confidence: 0.6, ...over })
  const conclude = (
    answers: { judge?: Opinion | null; intel?: Opinion | null; blind?: Opinion | null },
    hits: ScenarioHit[] = [],
  ) =>
    runCase(packOf(evidence, {}, hits), evidence, ({ role, isBlind }) =>
      role === 'judge'
        ? isBlind
          ? (answers.blind ?? null)
          : (answers.judge ?? null)
        : role === 'intel'
          ? (answers.intel ?? null)
          : NO_OPINION,
    )

  it('of a threat has the larger confidence of council and ensemble', () => {
    expect(conclude({ judge: accuse() }).conclusion).toMatchObject({ verdict: 'THREAT', confidence: 0.72 })
    expect(conclude({ judge: accuse({ confidence: 0.9 }) }).conclusion).toMatchObject({ confidence: 0.9 })
  })

  it('may correct the class, and says so', () => {
    const { conclusion } = conclude({ judge: accuse({ threatClass: 6 }) })
    expect(conclusion).toMatchObject({ threatClass: 6, isCorrected: true })
    expect(conclusion!.remarks.join()).toContain('from Brute Force Attack to APT')
    expect(conclude({ judge: accuse({ threatClass: 0 }) }).conclusion).toMatchObject({ threatClass: 3 })
  })

  it('of a false positive has 0.3', () => {
    const acquit = opinion({ verdict: 'FALSE_POSITIVE', confidence: 0.99 })
    expect(conclude({ judge: acquit, blind: acquit }).conclusion).toMatchObject({
      verdict: 'FALSE_POSITIVE',
      confidence: 0.3,
    })
  })

  it('is INVESTIGATE when no citation stands, when verifiers disagree, and when rules contradict an acquittal', () => {
    const invented = [{ evidence: 77, says: 'x', facts: [] }]
    expect(conclude({ judge: accuse({ citations: invented }) }).conclusion?.verdict).toBe('INVESTIGATE')
    expect(conclude({ judge: accuse({ citations: [] }) }).conclusion?.verdict).toBe('INVESTIGATE')
    const acquit = opinion({ verdict: 'FALSE_POSITIVE' })
    const disputed = conclude({ judge: accuse(), intel: acquit }).conclusion!
    expect(disputed).toMatchObject({ verdict: 'INVESTIGATE', isDisputed: true })
    expect(disputed.remarks.join(' ')).toMatch(/gemini.*THREAT.*grok.*FALSE_POSITIVE/)
    const hit = { rule: 'ssh-bf', title: 'SSH brute force', threatClass: 3 as const, techniques: [], evidence: [1] }
    expect(conclude({ judge: acquit, blind: acquit }, [hit]).conclusion).toMatchObject({
      verdict: 'INVESTIGATE',
      isDisputed: true,
    })
  })

  it('stands when intelligence knows nothing or fails', () => {
    expect(conclude({ judge: accuse(), intel: NO_OPINION }).conclusion?.verdict).toBe('THREAT')
    expect(conclude({ judge: accuse(), intel: null }).conclusion?.verdict).toBe('THREAT')
  })

  it('is none when no judge answers: the case fails and says why', () => {
    const one = conclude({ judge: null, intel: accuse() })
    expect(one).toMatchObject({
      state: 'failed',
      conclusion: null,
      failure: expect.stringContaining('gemini: status 500'),
    })
    expect(pathOf(one)).toEqual(['memory', 'judge:gemini:failed', 'intel:grok:THREAT', 'failed'])
  })

  it('is given by the next judge when the first one fails', () => {
    const plan: Plan = {
      candidates: {
        judge: [
          { verifier: 'gemini', isRemote: true },
          { verifier: 'rules', isRemote: false },
        ],
        intel: [],
        remediation: [],
      },
      notRun: [],
    }
    const one = runCase(packOf(evidence), evidence, ({ verifier }) => (verifier === 'rules' ? accuse() : null), plan)
    expect(one.conclusion?.verdict).toBe('THREAT')
    expect(pathOf(one)).toEqual(['memory', 'judge:gemini:failed', 'judge:rules:THREAT', 'THREAT'])
    expect(costOf(one)).toBeCloseTo(0.001)
  })
})
