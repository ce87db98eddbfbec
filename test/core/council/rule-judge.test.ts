import { describe, expect, it } from 'vitest'
import type { EvidencePack, PackEvent } from '../../../core/council/evidence-pack.ts'
import { ruleJudge } from '../../../core/council/rule-judge.ts'
import { scenarioHits } from '../../../core/council/scenario-hits.ts'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { fieldsAt } from '../../../core/incidents/evidence-view.ts'
import { evaluateRules } from '../../../core/rules/evaluate.ts'
import { shippedRules } from '../../../core/rules/shipped.ts'
import type { ClassId } from '../../../core/taxonomy.ts'

const START = Date.UTC(2026, 9, 5, 8)
/** Evidence as a case has it: its numbers are not the places in the list. */
const evidenceOf = (events: Partial<CanonicalEvent>[]): PackEvent[] =>
  events.map((part, i) => {
    const event = { ts: START + i * 2000, src_ip: '203.0.113.7', event_type: 'ssh.login.failed', ...part }
    return { n: 100 + i, ts: event.ts, sensor: 'bastion', format: 'sshd', event, original: '', matched: [] }
  })

const hitsOf = (evidence: readonly PackEvent[]) =>
  evaluateRules(
    shippedRules(),
    evidence.map(({ event }) => event),
  )

function packOf(evidence: PackEvent[], threatClass: ClassId, seen = evidence.length): EvidencePack {
  return {
    incidentKey: 'INC-1',
    kind: 'source',
    source: '203.0.113.7',
    sourcesCount: 1,
    firstSeen: START,
    lastSeen: START,
    counts: { seen, kept: evidence.length, shown: Math.min(40, evidence.length) },
    targets: [],
    prediction: {
      threatClass,
      confidence: 0.6,
      uncertain: true,
      anomaly: 0.5,
      route: 'VERIFY',
      probabilities: [],
      votes: { forest: [], boosting: [], network: [] },
      modelVersion: 'test',
    },
    indicators: [],
    byType: [],
    scenarioHits: [],
    similar: [],
    incidentId: 1,
    window: { schemaHash: '', features: [], probabilities: [], predictedClass: 3 },
    intel: null,
    addressed: [],
    shown: evidence.slice(0, 40),
  }
}

async function opinionOn(events: Partial<CanonicalEvent>[], threatClass: ClassId, seen?: number) {
  const evidence = evidenceOf(events)
  const question = {
    role: 'judge' as const,
    pack: packOf(evidence, threatClass, seen),
    evidence,
    prompt: null,
    before: [],
    isLast: true,
  }
  const reply = await ruleJudge(shippedRules, hitsOf).ask(question, START)
  if (!reply.ok) throw new Error(reply.error.why)
  return { ...reply.value.opinion, usage: reply.value.usage, evidence }
}

const guesses = Array.from({ length: 12 }, (_, i) => ({ username: `user-${i}` }))
const page = (path: string, status = 200): Partial<CanonicalEvent> => ({
  event_type: 'http.request',
  http: { method: 'GET', path, status, user_agent: 'Mozilla/5.0 (X11; Linux x86_64)' },
})

describe('the rule judge', () => {
  it('says THREAT with class and citations that the evidence bears out', async () => {
    const opinion = await opinionOn([...guesses, { event_type: 'ssh.login.success', username: 'user-3' }], 2)
    expect([opinion.verdict, opinion.threatClass]).toEqual(['THREAT', 3])
    expect(opinion.confidence).toBeGreaterThan(0.9)
    expect(opinion.reasoning).toMatch(/Brute Force Attack\. .*guessing-succeeded, critical\): .* E\d+ to E112\./)
    expect(opinion.citations.length).toBeGreaterThan(0)
    for (const { evidence: n, facts } of opinion.citations) {
      const cited = opinion.evidence.find((one) => one.n === n)!
      expect(facts.length).toBeGreaterThan(0)
      for (const { field, value } of facts) {
        expect(
          fieldsAt(cited.event, field).map((one) => one.value),
          field,
        ).toContain(value)
      }
    }
  })

  it('says FALSE_POSITIVE when all is explained, and by what', async () => {
    const opinion = await opinionOn([page('/'), page('/style.css'), page('/shop/7'), page('/app.js')], 4)
    expect(opinion.verdict).toBe('FALSE_POSITIVE')
    expect(opinion.reasoning).toContain('100 % of the events are explained as harmless (ordinary use)')
    expect(opinion.citations.length).toBeGreaterThan(0)
  })

  it('does not acquit for ordinary use what may hide in it', async () =>
    expect((await opinionOn([page('/'), page('/style.css'), page('/shop/7')], 5)).verdict).toBe('INVESTIGATE'))

  it('does not acquit one attack among a hundred harmless requests', async () => {
    const harmless = Array.from({ length: 100 }, (_, i) => page(i % 2 ? '/style.css' : `/shop/${i}`))
    const opinion = await opinionOn([...harmless, page("/item?id=1' union select password from users--")], 0)
    expect([opinion.verdict, opinion.threatClass]).toEqual(['THREAT', 4])
  })

  it('does not believe a crawler by its name', async () => {
    const agent = 'Mozilla/5.0 (compatible; Googlebot/2.1)'
    const asked = ['/robots.txt', '/', '/.env', '/.git/config', '/backup.sql'].map((path) => ({
      ...page(path),
      http: { method: 'GET', path, status: 404, user_agent: agent },
    }))
    expect((await opinionOn(asked, 4)).verdict).toBe('THREAT')
  })

  it('says INVESTIGATE when no rule speaks, with what came closest and what it did not see', async () => {
    const opinion = await opinionOn(
      Array.from({ length: 4 }, () => ({ username: 'root' })),
      3,
      900,
    )
    expect([opinion.verdict, opinion.threatClass, opinion.citations]).toEqual(['INVESTIGATE', null, []])
    expect(opinion.reasoning).toMatch(/Closest came ".*": \d+ of \d+ /)
    expect(opinion.reasoning).toContain('The rules saw the 4 events that are kept of 900.')
  })

  it('says INVESTIGATE of no evidence at all', async () => expect((await opinionOn([], 3)).verdict).toBe('INVESTIGATE'))

  it('costs nothing', async () =>
    expect((await opinionOn(guesses, 3)).usage).toEqual({ inputTokens: 0, outputTokens: 0, costUsd: 0 }))

  it('gives the hits of a pack by evidence number', () => {
    const hits = scenarioHits(hitsOf(evidenceOf(guesses)), evidenceOf(guesses))
    const spraying = hits.find(({ rule }) => rule === 'password-spraying')!
    expect([spraying.threatClass, spraying.evidence[0], spraying.evidence.at(-1)]).toEqual([3, 100, 111])
    expect(spraying.techniques).toEqual(['T1110.003'])
  })

  it('judges 500 events well within 300 ms', async () => {
    const mixed = Array.from({ length: 500 }, (_, i) => (i % 3 ? page(`/shop/${i}`) : { username: `user-${i % 40}` }))
    await opinionOn(mixed, 3)
    const took: number[] = []
    for (let i = 0; i < 20; i++) {
      const started = performance.now()
      await opinionOn(mixed, 3)
      took.push(performance.now() - started)
    }
    const median = took.sort((a, b) => a - b)[10]!
    process.stdout.write(
      `rule judge, 500 events: median ${median.toFixed(1)} ms, longest ${took.at(-1)!.toFixed(1)} ms\n`,
    )
    expect(median).toBeLessThan(300)
  })
})
