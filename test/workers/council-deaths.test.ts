import { eq } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { trainingSamples } from '../../core/store/schema.ts'
import type { Council } from '../../durable-objects/council.ts'
import { opinionJson, type ScriptedOpinion } from '../support/council-fixture.ts'
import {
  answerOf,
  Died,
  db,
  env,
  incident,
  newName,
  rowOf,
  run,
  type Surroundings,
  withCouncil,
} from '../support/council-object.ts'

// Every write of a case is a place to die at: before it, with what it would note done and not noted, and after it. Whatever
// the place, the next life must come to the same end, and pay again for nothing but the calls that were cut off.

const HARMLESS: ScriptedOpinion = { verdict: 'FALSE_POSITIVE', confidence: 0.95, reasoning: 'A typing mistake.' }
const ANNA = { actor: 'user:anna', reason: 'It is our own scanner.', at: 1 }

interface Course {
  /** How providers answer. */
  setUp?: (at: Surroundings) => void
  /** Another incident with the same evidence had its case before. */
  earlier?: boolean
  /** What was before of this incident, with no death. */
  before?: (at: Surroundings, key: string) => Promise<void>
  /** Brings the case to its end; called again after a death. */
  drive: (council: Council, key: string) => Promise<void>
}

const openAndRun = async (council: Council, key: string) => {
  await council.open(key, 6)
  await run(council)
}

const COURSES: Record<string, Course> = {
  'three answers': { drive: openAndRun },
  'an acquittal that is confirmed, after one more slice': {
    setUp: (at) => {
      at.script.gemini = (body) => {
        const more_events = body.includes('allowed once') ? { event_type: null, from: null, to: null } : null
        return Response.json(answerOf('gemini', opinionJson({ ...HARMLESS, more_events })))
      }
    },
    drive: openAndRun,
  },
  'a judge that fails': {
    setUp: (at) => {
      at.script.gemini = () => new Response('', { status: 401 })
    },
    drive: openAndRun,
  },
  'a person who asks again': {
    before: async (at, key) => openAndRun(at.council(), key),
    drive: async (council, key) => {
      // Whoever got no answer sends the request again; made in sight of the first case it opens no third one.
      await council.askAgain(key, ANNA, 1)
      await run(council)
    },
  },
  'a person who stops it': {
    setUp: (at) => {
      at.script.grok = () => new Promise(() => {})
    },
    drive: async (council, key) => {
      await council.open(key, 6)
      let hasEnded = false
      const running = run(council).finally(() => {
        hasEnded = true
      })
      running.catch(() => {})
      while (!hasEnded && !(await council.view())?.case.asks[0]?.settled) await scheduler.wait(1)
      await council.stop(ANNA, 1)
      await running
    },
  },
  'answers of an earlier case': {
    earlier: true,
    drive: openAndRun,
  },
}

/** What the case left behind, without times and what names the incident. */
async function leftBehind(key: string) {
  const row = await rowOf(key)
  const { at: _, processing_time_ms: _ms, sampled_for_review: _sampled, ...note } = row.triage_note.council!
  const { results } = await env.DB.prepare(
    "SELECT action, actor FROM audit_log WHERE subject_id = ?1 AND action <> 'status-changed' ORDER BY action, actor",
  )
    .bind(key)
    .all()
  const samples = await db.select().from(trainingSamples).where(eq(trainingSamples.incident_id, row.id))
  return {
    verdict: row.council_verdict,
    reasoning: row.council_reasoning,
    path: row.routing_path,
    calls: row.api_calls_made,
    opinions: [row.gemini_analysis, row.grok_intel, row.openai_remediation],
    missing: row.triage_note.missing,
    note: { ...note, asked_by: note.asked_by?.reason, stopped_by: note.stopped_by?.reason },
    audit: results,
    samples: samples.map(({ correct_label, was_override }) => ({ correct_label, was_override })),
  }
}

type Counts = { gemini: number; grok: number; openai: number }
const callsOf = (at: Surroundings): Counts => {
  const counts = { gemini: 0, grok: 0, openai: 0 }
  for (const { provider } of at.calls) counts[provider]++
  return counts
}

async function paidOf(at: Surroundings, before: Counts = { gemini: 0, grok: 0, openai: 0 }): Promise<Counts> {
  const { verifiers } = await at.budget.health()
  const asked = (provider: keyof Counts) =>
    (verifiers.find(({ verifier }) => verifier === provider)?.asked ?? 0) - before[provider]
  return { gemini: asked('gemini'), grok: asked('grok'), openai: asked('openai') }
}

interface Ended {
  left: Awaited<ReturnType<typeof leftBehind>>
  calls: Counts
  /** Calls that money was set aside for. */
  paid: Counts
  writes: number
}

/** One case, dying once at its nth write; null: it was over before. */
async function oneCase(
  { setUp, earlier, before, drive }: Course,
  death: { nth: number; moment: 'before' | 'after' } | null,
): Promise<Ended | null> {
  const budget = newName('budget')
  if (earlier) await withCouncil(async (at) => openAndRun(at.council(), await incident()), budget)
  let ended: Ended | null = null
  await withCouncil(async (at) => {
    setUp?.(at)
    const key = await incident()
    await before?.(at, key)
    at.calls = []
    const askedBefore = await paidOf(at)
    const writesBefore = at.writes
    if (death) at.diesAt(death.nth, death.moment)
    try {
      await drive(at.council(), key)
    } catch (error) {
      if (!(error instanceof Died)) throw error
    }
    const writes = at.writes - writesBefore
    if (await at.hasDied()) await drive(at.council(), key)
    else if (death) return
    ended = { left: await leftBehind(key), calls: callsOf(at), paid: await paidOf(at, askedBefore), writes }
  }, budget)
  return ended
}

describe.each(Object.entries(COURSES))('a case with %s', (name, course) => {
  const moreDeaths = name === 'three answers' || name === 'a person who stops it'

  it('comes to the same end wherever its object dies, and pays only for calls that were cut off once more', async () => {
    const whole = (await oneCase(course, null))!
    expect(whole.writes).toBeGreaterThan(5)
    // After a write, before what follows it: the easier death, tried where most happens.
    const moments = moreDeaths ? (['before', 'after'] as const) : (['before'] as const)
    for (const moment of moments)
      for (let nth = 1; nth <= whole.writes; nth++) {
        const one = await oneCase(course, { nth, moment })
        const place = `${moment} write ${nth} of ${whole.writes}`
        expect(one, place).not.toBeNull()
        expect(one!.left, place).toEqual(whole.left)
        for (const provider of ['gemini', 'grok', 'openai'] as const) {
          expect(one!.calls[provider] - whole.calls[provider], `${provider}, ${place}`).toBeLessThanOrEqual(1)
          expect(one!.paid[provider], `${provider}, ${place}`).toBeGreaterThanOrEqual(one!.calls[provider])
        }
      }
  }, 120_000)
})
