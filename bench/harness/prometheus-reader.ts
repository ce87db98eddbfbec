import type { Figures } from './ingest-target.ts'

/** Sum of a metric's samples in Prometheus text, whatever their labels; null when there is none. */
export function sumOf(text: string, metric: string): number | null {
  let sum: number | null = null
  for (const line of text.split('\n')) {
    const read = /^([a-z_]+)(?:\{.*\})? (\S+)$/.exec(line)
    if (read?.[1] === metric) sum = (sum ?? 0) + Number(read[2])
  }
  return sum
}

export const readFigures = (text: string): Figures => ({
  unjudged: sumOf(text, 'picket_events_unjudged'),
  judged: sumOf(text, 'picket_windows_judged_total'),
  late: sumOf(text, 'picket_events_late_total'),
  liveSources: sumOf(text, 'picket_sources_live'),
  incidents: sumOf(text, 'picket_incidents_total'),
})
