import { type DemoDay, demoDay } from '../demo/day.ts'
import type { DemoLine, DemoSensor } from '../demo/scene.ts'
import { SSH_SITES, type SshLog, sshLog } from '../demo/ssh/day.ts'
import { createLineReader } from '../events/formats.ts'
import { entityOf } from '../events/source.ts'
import type { EpochMs } from '../time.ts'
import type { LabelledEvent } from './labelled-windows.ts'

/** Any fixed day: no feature looks at the date. */
const ENDS_AT: EpochMs = Date.UTC(2025, 0, 15)

/**
 * Scenes that the trainer does not learn from. Taught that these steady beats and look-ups are malware, a forest takes those
 * of real ordinary hosts for it: accuracy on unseen captures 0.65-0.67 with them, 0.82-0.84 without.
 */
const NOT_LEARNT = new Set(['beacon every minute', 'look-ups of generated names'])

const SSH_SITE = 'generated-ssh-'

/** Whether the capture of this name is a made-up SSH site. */
export const isSshSite = (name: string): boolean => name.startsWith(SSH_SITE)

/** A made-up sensor's day with its truth, as it reads once its lines have gone through the parsers. */
export interface GeneratedCapture {
  name: string
  events: LabelledEvent[]
  /** How much it counts in training against a real one. */
  counts: number
  /** Whether thresholds and temperature may come from it. */
  calibrates: boolean
}

/**
 * What each site's made-up SSH log-ins count. At 1 their many Normal windows outweigh the few real web attacks: on unseen
 * captures a forest's macro-F1 falls from 0.43 to 0.39, at 0.35 to 0.41, at 0.2 it stays at 0.42.
 */
const SSH_COUNTS = 0.25

/**
 * Self-made labelled traffic: the days that our own generator scripts for these seeds, one capture a sensor and seed, and
 * SSH log-ins in each form in which sensors tell of them. Every event of a source that a scene names is of that scene's
 * class while the scene lasts.
 */
export function generatedCaptures(seeds: readonly number[]): GeneratedCapture[] {
  return seeds.flatMap((seed, n) => {
    const day = demoDay(ENDS_AT, seed)
    const days = (Object.keys(day.logs) as DemoSensor[]).map((sensor) => ({
      name: `generated-${sensor}-${seed}`,
      events: dayEvents(day, sensor),
      counts: 1,
      calibrates: true,
    }))
    // Each form once.
    const ssh = SSH_SITES.filter((_, i) => i % seeds.length === n).map((site) => ({
      name: `${SSH_SITE}${site.name}-${seed}`,
      events: sshEvents(sshLog(site, ENDS_AT, seed)),
      counts: SSH_COUNTS,
      // One site is easily told from the others: thresholds found on them are wrong for captures that are new indeed.
      calibrates: false,
    }))
    return [...days, ...ssh]
  })
}

function dayEvents(day: DemoDay, sensor: DemoSensor): LabelledEvent[] {
  const scenes = new Map<string, { threatClass: number; from: number; to: number }[]>()
  for (const { scene, threatClass, sensor: where, sources, from, to } of day.truth)
    if (where === sensor && !NOT_LEARNT.has(scene))
      for (const source of sources) {
        const known = scenes.get(entityOf(source))
        if (known) known.push({ threatClass, from, to })
        else scenes.set(entityOf(source), [{ threatClass, from, to }])
      }
  return labelled(day.logs[sensor], (source, ts) => {
    const scene = scenes.get(source)?.find(({ from, to }) => ts >= from - 1000 && ts <= to + 1000)
    return scene?.threatClass ?? null
  })
}

/** A made-up site's SSH log-ins, each event of its source's class. */
export function sshEvents({ lines, sources }: SshLog): LabelledEvent[] {
  const classes = new Map<string, number>(sources.map(({ source, threatClass }) => [entityOf(source), threatClass]))
  return labelled(lines, (source) => classes.get(source) ?? null)
}

/** Lines as our own parsers read them. Throws for one that they refuse: the generator would be wrong. */
function labelled(
  lines: readonly DemoLine[],
  labelOf: (source: string, ts: EpochMs) => number | null,
): LabelledEvent[] {
  const reader = createLineReader({ receivedAt: ENDS_AT })
  return lines.flatMap(({ line }) => {
    const read = reader.read(line)
    if (!read.ok) throw new Error(`a generated line cannot be read: ${read.error.why}`)
    if (read.value === null) return []
    const { event } = read.value
    return [{ event, label: labelOf(entityOf(event.src_ip), event.ts), weakLabel: null }]
  })
}
