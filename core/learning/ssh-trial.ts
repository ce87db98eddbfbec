import { type SshCast, type SshLog, type SshSite, sshLog } from '../demo/ssh/day.ts'
import { TRIAL_GUESSING, TRIAL_SITES, TRIAL_WORK } from '../demo/ssh/trial.ts'
import { entityOf } from '../events/source.ts'
import type { EpochMs } from '../time.ts'
import { scoreWindows } from './evaluate.ts'
import { sshEvents } from './generated-captures.ts'
import { labelledWindows } from './labelled-windows.ts'
import { type Predictor, type SimulatedIncident, simulateIncidents } from './simulate-incidents.ts'

const ENDS_AT: EpochMs = Date.UTC(2025, 5, 1)
export const TRIAL_SEED = 8_128

/** What became of the sources of one habit, of one site, or of all. */
export interface TrialRow {
  name: string
  sources: number
  /** Of those, named in an incident of any kind, also in a campaign. */
  inIncident: number
  /** Five-minute windows, and those at whose end the running system would have an incident of the source open. */
  windows: number
  opening: number
}

export interface SshTrial {
  /** Ordinary use, nobody guessing: whatever opens is false. */
  benign: { habits: TrialRow[]; sites: TrialRow[]; all: TrialRow; incidents: number }
  /** Guessing, among the same ordinary use. */
  guessing: { habits: TrialRow[]; sites: TrialRow[]; all: TrialRow }
  /** Sources of ordinary use that are named in an incident while others guess. */
  namedBesideGuessing: { sources: number; named: number }
}

/** What is tried, where: the trial that is reported, unless a test names another. */
export interface TrialScenes {
  sites: readonly SshSite[]
  cast: SshCast
  seed: number
}

export const TRIAL_SCENES: TrialScenes = {
  sites: TRIAL_SITES,
  cast: { work: TRIAL_WORK, guessing: TRIAL_GUESSING, sources: 4 },
  seed: TRIAL_SEED,
}

/**
 * How a model takes ordinary SSH and the guessing of passwords: self-made log-ins go through parsers, windows, features,
 * judgement and the opening rule, site by site; first ordinary use alone, then with guessers among it.
 */
export async function sshTrial(model: Predictor, scenes: TrialScenes = TRIAL_SCENES): Promise<SshTrial> {
  const benign: SiteRow[] = []
  const guessing: SiteRow[] = []
  let incidents = 0
  let named = 0
  for (const site of scenes.sites) {
    const quiet = await played(site, sshLog(site, ENDS_AT, scenes.seed, { ...scenes.cast, guessing: [] }), model)
    const busy = await played(site, sshLog(site, ENDS_AT, scenes.seed, scenes.cast), model)
    benign.push(...quiet.rows)
    incidents += quiet.incidents.length
    guessing.push(...busy.rows.filter(({ threatClass }) => threatClass !== 0))
    named += busy.rows.filter(({ threatClass, inIncident }) => threatClass === 0 && inIncident > 0).length
  }
  const parts = (rows: readonly SiteRow[]) => ({
    habits: grouped(rows, ({ name }) => name),
    sites: grouped(rows, ({ site }) => site),
    all: summed('all', rows),
  })
  return {
    benign: { ...parts(benign), incidents },
    guessing: parts(guessing),
    namedBesideGuessing: { sources: benign.length, named },
  }
}

interface SiteRow extends TrialRow {
  site: string
  threatClass: number
}

async function played(
  site: SshSite,
  log: SshLog,
  model: Predictor,
): Promise<{ rows: SiteRow[]; incidents: SimulatedIncident[] }> {
  const events = sshEvents(log)
  const incidents = await simulateIncidents(events, model)
  const windows = labelledWindows(events)
  const scored = await scoreWindows(site.name, windows, model)
  const rows = log.sources.map(({ habit, source, threatClass }) => {
    const entity = entityOf(source)
    const own = scored.filter((_, n) => windows[n]!.source === entity)
    return {
      ...{ name: habit, site: site.name, threatClass, sources: 1, windows: own.length },
      inIncident: incidents.some(({ sources }) => sources.has(entity)) ? 1 : 0,
      opening: own.filter(({ opens }) => opens).length,
    }
  })
  // What a site's form does not tell at all is no part of the trial.
  return { rows: rows.filter((row) => row.windows > 0), incidents }
}

const grouped = (rows: readonly SiteRow[], nameOf: (row: SiteRow) => string): TrialRow[] =>
  [...Map.groupBy(rows, nameOf)].map(([name, own]) => summed(name, own))

function summed(name: string, rows: readonly TrialRow[]): TrialRow {
  const sum = (of: (row: TrialRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  return {
    name,
    sources: sum(({ sources }) => sources),
    inIncident: sum(({ inIncident }) => inIncident),
    windows: sum(({ windows }) => windows),
    opening: sum(({ opening }) => opening),
  }
}
