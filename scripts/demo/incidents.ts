import { setTimeout as wait } from 'node:timers/promises'

/** What the demo needs of an incident (contract, "JSON API"). */
export interface IncidentSummary {
  id: number
  threat_class: number
  threat_category: string
  sources_count: number
  severity: string
}

export interface IncidentApi {
  url: string
  token: string
  fetch: typeof fetch
}

/** Every incident, newest first, page by page. Throws with the server's words when it refuses. */
export async function allIncidents({ url, token, fetch }: IncidentApi): Promise<IncidentSummary[]> {
  const items: IncidentSummary[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: '200', ...(cursor !== '' && { cursor }) })
    const response = await fetch(`${url}/api/incidents?${query}`, { headers: { authorization: `Bearer ${token}` } })
    if (response.status === 401) throw new Error('the API token is not known to the server (401): set PICKET_API_TOKEN')
    if (!response.ok) throw new Error(`GET /api/incidents answered ${response.status}: ${await response.text()}`)
    const page = (await response.json()) as { items: IncidentSummary[]; next: string | null }
    items.push(...page.items)
    cursor = page.next
  }
  return items
}

export interface Patience {
  /** Done when nothing has changed for this long, ms. */
  quietMs: number
  /** Done in any case after this long, ms. */
  mostMs: number
  everyMs: number
}

/**
 * Waits until the incidents that were not there before have stopped growing in number, and gives them.
 * @param known ids of the incidents that were there before
 */
export async function newIncidents(
  api: IncidentApi,
  known: Set<number>,
  { quietMs, mostMs, everyMs }: Patience,
  onCount: (count: number) => void,
): Promise<IncidentSummary[]> {
  const startedAt = performance.now()
  let changedAt = startedAt
  let found: IncidentSummary[] = []
  for (;;) {
    const now = (await allIncidents(api)).filter(({ id }) => !known.has(id))
    if (now.length !== found.length) changedAt = performance.now()
    found = now
    onCount(found.length)
    const quiet = performance.now() - changedAt >= quietMs
    // The first takes longer than the pause between two.
    if ((quiet && found.length > 0) || performance.now() - startedAt >= mostMs) return found
    await wait(everyMs)
  }
}

/** One line a class that has incidents, by its number of incidents and of sources. */
export function countByClass(incidents: IncidentSummary[]): { category: string; incidents: number; sources: number }[] {
  const rows = new Map<number, { category: string; incidents: number; sources: number }>()
  for (const { threat_class, threat_category, sources_count } of incidents) {
    const row = rows.get(threat_class) ?? { category: threat_category, incidents: 0, sources: 0 }
    row.incidents++
    row.sources += sources_count
    rows.set(threat_class, row)
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}
