import type { ModelOutput, Prediction, RouteName } from '../ensemble/prediction.ts'
import { type ClassFamily, type ClassId, classOf } from '../taxonomy.ts'
import { PANE_MS } from '../window/pane-times.ts'
import { type Accumulated, accumulate, noEvidence, OPENS_AT, SUPPORTS_AT } from './accumulate.ts'

/** What is held against one source beside its window. */
export interface Standing {
  accumulated: Accumulated
  /** Its incidents by class family: the newest of each. */
  incidents: Partial<Record<ClassFamily, OpenIncident>>
}

/** An incident as the partition that owns it remembers it; D1 holds the full row. */
export interface OpenIncident {
  key: string
  revision: number
  previousKey: string | null
  firstSeen: number
  lastSeen: number
  events: number
  /** Which tracking of the source `countedTo` counts in, and its events counted so far: judged again, they add nothing. */
  countedIn: string
  countedTo: number
  peakRisk: number
  openedBy: OpenedBy
  /** Hashes of the events handed out as evidence, in order: event n is entry n − 1. */
  evidence: number[]
  /** Events counted when evidence was last handed out. */
  evidenceAt: number
  /** How often its row was written, and when last, ms. */
  writes: number
  writtenAt: number
  /** Its events when the council was last asked to look at it; absent: it never was. */
  handedOver?: number
}

export type OpenedBy = 'prediction' | 'accumulated-evidence' | 'campaign'

/** What a judged window asks for. */
export type Consequence =
  | { tag: 'nothing' }
  /** Too little of it for an incident of its own: counted as background and reported for campaigns. */
  | { tag: 'thin'; threatClass: ClassId }
  | { tag: 'incident'; threatClass: ClassId; openedBy: OpenedBy }

/** Fewer events than this in a window are thin evidence: one weak window of them opens nothing. */
export const THIN_UNDER = 5
/** A silence longer than this ends an incident; what follows is a new one that links to it. */
export const REOPENS_WITHIN_MS = 3_600_000

export const newStanding = (): Standing => ({ accumulated: noEvidence(), incidents: {} })

/**
 * Takes a judged window into the standing and says what follows. A threat that is trusted or to be verified opens an
 * incident when the window holds five events; one to be investigated also needs that all evidence so far supports it; a
 * thin one needs five events in all and that the accumulated evidence passes Wald's bound. A confident Normal opens nothing.
 */
export function consequenceOf(
  standing: Standing,
  window: { last: number; events: number; newEvents: number; judgedEvents: number },
  prediction: Prediction,
): Consequence {
  standing.accumulated = accumulate(
    standing.accumulated,
    window.last,
    prediction.output.probabilities,
    window.events === 0 ? 0 : Math.min(1, window.newEvents / window.events),
  )
  const { threatClass, route } = prediction
  if (threatClass === 0) return { tag: 'nothing' }
  const support = standing.accumulated.ratios[threatClass]!
  if (window.events >= THIN_UNDER && (route !== 'INVESTIGATE' || support >= SUPPORTS_AT))
    return { tag: 'incident', threatClass, openedBy: 'prediction' }
  if (support >= OPENS_AT && window.judgedEvents >= THIN_UNDER)
    return { tag: 'incident', threatClass, openedBy: 'accumulated-evidence' }
  const family = classOf(threatClass).family
  const open = standing.incidents[family]
  if (open && window.last * PANE_MS - open.lastSeen <= REOPENS_WITHIN_MS)
    return { tag: 'incident', threatClass, openedBy: open.openedBy }
  return { tag: 'thin', threatClass }
}

/** Probability of any attack by a model's output, 0..1. */
export const suspicionOf = ({ probabilities }: ModelOutput): number => 1 - probabilities[0]!

/** The part of a routing path that is known before any verifier ran. */
export const routingPath = (route: RouteName): string[] =>
  route === 'TRUST' ? ['ensemble', 'trust'] : ['ensemble', route.toLowerCase()]
