import type { IntelList } from './lists-api.ts'

const count = (n: number): string => n.toLocaleString('en-US')

/** What it holds and what was left out, in words. */
export const holdings = ({ counts }: IntelList): string =>
  (
    [
      ['addresses', 'addresses'],
      ['ranges', 'ranges'],
      ['domains', 'domains'],
      ['ja3', 'fingerprints'],
      ['expired', 'expired'],
      ['refused', 'refused'],
      ['unreadable', 'unreadable'],
    ] as const
  )
    .filter(([name]) => counts[name] > 0)
    .map(([name, word]) => `${count(counts[name])} ${word}`)
    .join(', ')

/** A few lines for a terminal. What lists hold is text of strangers: control characters are taken out. */
export function describeList(list: IntelList): string {
  const lines = [
    `${list.name} (${list.id}): ${list.kind}, trust ${list.weight}, ${list.licence ?? 'no licence named'}`,
    `  ${holdings(list)}`,
    `  as of ${list.as_of}, loaded ${list.loaded_at}${list.expires_at === null ? '' : `, used until ${list.expires_at}`}`,
  ]
  if (list.url !== null) lines.push(`  from ${list.url}, every ${list.refresh_minutes} minutes`)
  if (list.last_error !== null) lines.push(`  the last refresh failed: ${list.last_error}`)
  for (const example of list.examples) lines.push(`  left out: ${example}`)
  return `${lines.map((line) => line.replace(/\p{Cc}/gu, '?')).join('\n')}\n`
}
