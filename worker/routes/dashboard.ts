import type { Context } from 'hono'
import { BackgroundReader } from '../../adapters/d1/background-reader.ts'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { SensorReader } from '../../adapters/d1/sensor-reader.ts'
import { readPartitions, readSensors } from '../../adapters/durable-objects/health-reader.ts'
import { unseenSourceFigures } from '../../core/ensemble/model-figures.ts'
import { OPEN_STATUSES } from '../../core/incidents/triage.ts'
import { servingModel, total } from '../../core/live-figures.ts'
import { SEVERITIES } from '../../core/taxonomy.ts'
import type { DashboardView } from '../../web/pages/dashboard.tsx'
import type { AppEnv } from '../app-env.ts'
import { reportOf } from '../feature-store.ts'

const HOUR_MS = 3_600_000
const HOURS = 24

/** Measures all that the dashboard shows, at this moment. */
export async function dashboardView(c: Context<AppEnv>): Promise<DashboardView> {
  const { db, now, parts } = c.var
  const reader = new IncidentReader(db)
  const end = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS
  const begin = end - HOURS * HOUR_MS
  const [known, partitions, open, riskiest, perHour, ever, background, featureStore] = await Promise.all([
    sensorLines(c),
    readPartitions(c.env),
    reader.openBySeverity(),
    reader.page({ status: [...OPEN_STATUSES] }, 'risk', undefined, 5),
    reader.createdPerHour(begin, end),
    reader.count({}),
    new BackgroundReader(db).countSources(),
    reportOf(c),
  ])
  const sensors = known.map(({ name, health }) => ({ name, health }))
  const { manifest } = parts
  return {
    now,
    openBySeverity: [...SEVERITIES]
      .reverse()
      .map((severity) => ({ severity, n: open[severity] ?? 0 }))
      .filter(({ severity, n }) => severity !== 'none' || n > 0),
    incidentsEver: ever,
    riskiest: riskiest.items,
    hours: Array.from({ length: HOURS }, (_, i) => ({
      from: begin + i * HOUR_MS,
      to: begin + (i + 1) * HOUR_MS,
      n: perHour.get(i) ?? 0,
    })),
    events: {
      accepted: total(sensors, (sensor) => sensor.accepted),
      duplicates: total(sensors, (sensor) => sensor.duplicates),
      rejected: total(sensors, (sensor) => sensor.rejected),
      lastMinute: total(sensors, (sensor) => sensor.eventsLastMinute),
    },
    sensors: known,
    judging: {
      windows: total(partitions, (partition) => partition.windowsJudged),
      unjudged: total(partitions, (partition) => partition.eventsUnjudged),
      late: total(partitions, (partition) => partition.eventsLate),
      routes: {
        TRUST: total(partitions, (partition) => partition.routes.TRUST),
        VERIFY: total(partitions, (partition) => partition.routes.VERIFY),
        INVESTIGATE: total(partitions, (partition) => partition.routes.INVESTIGATE),
      },
    },
    partitions,
    serving: servingModel(partitions),
    shipped: manifest && { version: manifest.version, figures: unseenSourceFigures(manifest.metrics) },
    backgroundSources: background,
    featureStore,
  }
}

/** Every sensor of D1 with what its object tells. */
export async function sensorLines(c: Context<AppEnv>) {
  const rows = await new SensorReader(c.var.db).all()
  const readings = await readSensors(
    c.env,
    rows.map((row) => row.id),
  )
  return rows.map((row, i) => ({ ...row, revokedAt: row.revoked_at, health: readings[i]!.health }))
}
