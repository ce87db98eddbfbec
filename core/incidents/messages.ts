import type { CanonicalEvent, FormatName } from '../events/event.ts'
import type { ClassId } from '../taxonomy.ts'
import type { IncidentRow } from './record.ts'

/** One event of an incident's evidence, as it is written to D1. */
export interface EvidenceRow {
  incident_key: string
  n: number
  ts: number
  sensor: string
  stream: string
  format: FormatName
  event: CanonicalEvent
  original: string
  matched: string[]
}

export interface CampaignSourceRow {
  incident_key: string
  src_ip: string
  events: number
  confidence: number
  first_seen: number
  last_seen: number
}

/** Windows of one thin source since it was last told. Adds up. */
export interface BackgroundRow {
  scope: string
  src_ip: string
  threat_class: ClassId
  windows: number
  events: number
  confidence: number
  first_seen: number
  last_seen: number
}

/** What is to be written together. Ids name the messages that add up. */
export interface IncidentWrites {
  incidents?: IncidentRow[]
  evidence?: EvidenceRow[]
  sources?: CampaignSourceRow[]
  background?: { id: string; rows: BackgroundRow[] }[]
}

/** At most this many events of an incident are kept as evidence. */
export const EVIDENCE_KEPT = 500
