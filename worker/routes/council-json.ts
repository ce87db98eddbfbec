import type { z } from '@hono/zod-openapi'
import { absentAnswersOf } from '../../core/council/absent-answers.ts'
import { restoreMasks } from '../../core/council/masking.ts'
import { storedOpinion } from '../../core/council/verdict-record.ts'
import type { CouncilCaseView } from '../../core/council/view.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import type { CouncilCase, IncidentCouncil } from './council-schemas.ts'

/** What the council came to on an incident, by the names of the data-flow document. Absent answers say why. */
export function incidentCouncilJson(row: IncidentRow): z.input<typeof IncidentCouncil> {
  const note = row.triage_note.council
  return {
    state: note?.state ?? null,
    round: note?.round ?? null,
    final_verdict: row.council_verdict,
    council_confidence: row.council_confidence,
    council_reasoning: row.council_reasoning,
    corrected_class: note?.corrected_class ?? null,
    disputed: note?.disputed ?? null,
    sampled_for_review: note?.sampled_for_review ?? null,
    remarks: note?.remarks ?? [],
    routing_path: row.routing_path,
    api_calls_made: row.api_calls_made,
    processing_time_ms: note?.processing_time_ms ?? null,
    cost_usd: note?.cost_usd ?? null,
    gemini_analysis: row.gemini_analysis ?? null,
    grok_intel: row.grok_intel ?? null,
    openai_remediation: row.openai_remediation ?? null,
    absent: absentAnswersOf(row),
    not_run: note?.not_run ?? [],
    failure: note?.failure ?? null,
    at: note ? new Date(note.at).toISOString() : null,
  }
}

/** The newest case as it ran, for analysts: masked values put back in opinions, prompts and answers as they were sent and came. */
export function councilCaseJson({
  case: one,
  round,
  pack,
  masks,
  records,
}: CouncilCaseView): z.input<typeof CouncilCase> {
  const restore = (text: string) => restoreMasks(text, masks)
  return {
    round,
    state: one.state,
    steps: one.steps.map(({ state, at }) => ({ state, at: new Date(at).toISOString() })),
    asks: one.asks.map((ask) => {
      const record = records.find(({ askId }) => askId === ask.id)
      return {
        id: ask.id,
        role: ask.role,
        verifier: ask.verifier,
        model: ask.model,
        state: ask.state,
        without_text_of_strangers: ask.isBlind,
        opinion: ask.opinion === null ? null : storedOpinion(ask, ask.opinion, restore),
        why: ask.why === null ? null : restore(ask.why),
        calls: ask.calls,
        input_tokens: ask.usage?.inputTokens ?? null,
        output_tokens: ask.usage?.outputTokens ?? null,
        cost_usd: ask.usage?.costUsd ?? null,
        took_ms: ask.begunAt === null || ask.endedAt === null ? null : ask.endedAt - ask.begunAt,
        prompt: record?.prompt ?? null,
        answer: record?.answer ?? null,
      }
    }),
    scenario_hits: pack?.scenarioHits ?? [],
    similar: pack?.similar ?? [],
    events: pack?.counts ?? null,
  }
}
