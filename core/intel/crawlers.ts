import { isbotMatch } from 'isbot'
import type { EpochMs } from '../time.ts'
import type { Finding } from './finding.ts'

export const CRAWLER_SOURCE = 'isbot (user agent)'

/** Programs that a source's user agents name. Anybody can claim to be any crawler, so nothing is decided by it. */
export function crawlersOf(source: string, userAgents: readonly string[], ts: EpochMs): Finding[] {
  const found = new Map<string, Finding>()
  for (const userAgent of userAgents) {
    const name = isbotMatch(userAgent)
    if (name === null || found.has(name)) continue
    found.set(name, {
      kind: 'crawler',
      source: CRAWLER_SOURCE,
      subject: source,
      score: null,
      value: name.slice(0, 120),
      detail: userAgent.slice(0, 500),
      // It is the event that says so.
      asOf: Math.max(0, ts),
      licence: 'Unlicense',
      expires: null,
    })
  }
  return [...found.values()]
}
