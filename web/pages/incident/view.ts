import type { VerdictRow } from '../../../core/incidents/analyst-verdict.ts'
import type { EvidenceView } from '../../../core/incidents/evidence-view.ts'
import type { ClassLine, FeatureLine, IncidentRow } from '../../../core/incidents/view.ts'
import type { EpochMs } from '../../../core/time.ts'
import type { CampaignSources } from '../../components/source-list.tsx'
import type { HistoryEntry } from './history.tsx'

/** All that the overview of an incident shows. */
export interface IncidentView {
  now: EpochMs
  incident: IncidentRow
  /** Null when there is none, or it is gone. */
  previousId: number | null
  classes: ClassLine[]
  features: FeatureLine[]
  /** Definition of a feature by its name, as far as known. */
  definitions: ReadonlyMap<string, string>
  /** Thresholds and usual values are those of the incident's model. */
  modelAtHand: boolean
  /** Over this a window counts as unusual; null where the incident's model is not at hand. */
  anomalyThreshold: number | null
  /** The first few, and how many are kept. */
  evidence: { first: EvidenceView[]; kept: number }
  /** Null for an incident of one source. */
  sources: CampaignSources | null
  history: HistoryEntry[]
  /** What council and analysts said, newest first. */
  verdicts: VerdictRow[]
  /** Whether the viewer may change the incident. */
  mayChange: boolean
}
