import type { FC } from 'hono/jsx'
import { explainRoute, UNCERTAIN } from '../../../core/incidents/explain.ts'
import { Confidence } from '../../components/badges.tsx'
import { ShareBar } from '../../components/bars.tsx'
import { duration } from '../../format.ts'
import type { IncidentView } from './view.ts'

export const HowSure: FC<{ view: IncidentView }> = ({ view: { incident, anomalyThreshold } }) => (
  <section class="card" aria-labelledby="sure">
    <h2 id="sure">How sure</h2>
    <p class="large">
      <Confidence incident={incident} />
    </p>
    <ShareBar share={incident.ml_confidence} decided />
    <p>
      {explainRoute(incident)} {incident.uncertain ? UNCERTAIN : null}
    </p>
    {incident.council_reasoning === null ? null : <p>{incident.council_reasoning}</p>}
    <p>
      Anomaly score <b>{incident.anomaly_score.toFixed(2)}</b>
      {anomalyThreshold === null
        ? null
        : incident.anomaly_score > anomalyThreshold
          ? `: unusual (over ${anomalyThreshold.toFixed(2)})`
          : `: within what ordinary windows show (up to ${anomalyThreshold.toFixed(2)})`}
      .
    </p>
    {incident.triage_note.missing.map((what) => (
      <p class="missing">{what}</p>
    ))}
    <p class="hint">
      Model {incident.model_version}
      {incident.processing_time_ms === null
        ? null
        : `, decided ${duration(incident.processing_time_ms)} after the newest event`}
      .
    </p>
  </section>
)
