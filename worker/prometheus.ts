import type { Histogram } from '../core/live-figures.ts'

interface Sample {
  labels: Record<string, string>
  value: number
}

/** One metric family. Without samples (or with a histogram of null) it is left out. */
export type Metric = { name: string; help: string } & (
  | { type: 'counter' | 'gauge'; samples: Sample[] }
  | { type: 'histogram'; histogram: Histogram | null }
)

/** Prometheus text exposition format, version 0.0.4. */
export const prometheusText = (metrics: Metric[]): string =>
  metrics
    .map((metric) => ({ metric, lines: linesOf(metric) }))
    .filter(({ lines }) => lines.length > 0)
    .flatMap(({ metric, lines }) => [
      `# HELP ${metric.name} ${metric.help}`,
      `# TYPE ${metric.name} ${metric.type}`,
      ...lines,
    ])
    .map((line) => `${line}\n`)
    .join('')

function linesOf(metric: Metric): string[] {
  if (metric.type !== 'histogram')
    return metric.samples.map(({ labels, value }) => `${metric.name}${labelText(labels)} ${value}`)
  if (metric.histogram === null) return []
  const { buckets, sum, count } = metric.histogram
  return [
    ...buckets
      .filter(({ le }) => Number.isFinite(le))
      .map(({ le, count }) => `${metric.name}_bucket{le="${le}"} ${count}`),
    `${metric.name}_bucket{le="+Inf"} ${count}`,
    `${metric.name}_sum ${sum}`,
    `${metric.name}_count ${count}`,
  ]
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, escaped)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`)
