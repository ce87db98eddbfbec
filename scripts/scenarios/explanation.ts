import type { Evaluation } from '../../core/rules/evaluate.ts'
import { classOf } from '../../core/taxonomy.ts'
import type { ReadLog } from './read-log.ts'

/** What the rules made of a log, by line. */
export interface Explanation {
  events: number
  unreadable: { line: number; why: string }[]
  hits: {
    rule: string
    title: string
    class: string
    explains: string | null
    level: string
    group: Record<string, string | number>
    count: number
    first: string
    last: string
    lines: number[]
  }[]
  near: { rule: string; group: Record<string, string | number>; why: string; lines: number[] }[]
}

export function explained({ hits, near }: Evaluation, log: ReadLog, most: number): Explanation {
  const linesOf = (events: readonly number[]) =>
    [...new Set(events.map((index) => log.lines[index]!))].sort((a, b) => a - b)
  return {
    events: log.events.length,
    unreadable: log.unreadable,
    hits: hits.map((hit) => ({
      rule: hit.rule.name,
      title: hit.rule.title,
      class: classOf(hit.rule.threatClass).name,
      explains: hit.rule.explains,
      level: hit.rule.level,
      group: hit.group,
      count: hit.count,
      first: new Date(hit.first).toISOString(),
      last: new Date(hit.last).toISOString(),
      lines: linesOf(hit.events),
    })),
    near: near
      .slice(0, most)
      .map(({ rule, group, why, events }) => ({ rule: rule.name, group, why, lines: linesOf(events) })),
  }
}

export function explanationText({ events, unreadable, hits, near }: Explanation): string {
  const out = [`${events} events read, ${unreadable.length} lines not`]
  for (const { line, why } of unreadable.slice(0, 10)) out.push(`  line ${line}: ${why}`)
  out.push('', hits.length === 0 ? 'no rule fired' : 'fired')
  for (const hit of hits) {
    const what = hit.explains ? `Normal: ${hit.explains}` : hit.class
    out.push(`  ${hit.rule} (${what}, ${hit.level}): ${hit.title}`)
    out.push(
      `    ${groupText(hit.group)}: ${hit.count} events, ${hit.first} to ${hit.last}, lines ${ranges(hit.lines)}`,
    )
  }
  if (near.length > 0) out.push('', 'came close')
  for (const one of near) {
    out.push(`  ${one.rule}, ${groupText(one.group)}: ${one.why}`)
    out.push(`    lines ${ranges(one.lines)}`)
  }
  return `${out.join('\n')}\n`
}

const groupText = (group: Record<string, string | number>): string =>
  Object.entries(group)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ') || 'all events'

/** `1-4, 7` */
function ranges(lines: readonly number[]): string {
  const parts: [number, number][] = []
  for (const line of lines) {
    const last = parts.at(-1)
    if (last && last[1] === line - 1) last[1] = line
    else parts.push([line, line])
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}
