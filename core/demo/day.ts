import { random } from '../learning/random.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { fastGuessing, spraying, sshdGuessing } from './brute-force.ts'
import { httpFlood, spoofedFlood } from './floods.ts'
import { intrusion } from './intrusion.ts'
import { beacon, droppers, generatedNames } from './malware.ts'
import { administrators, backups, desks, housekeeping } from './office.ts'
import { backgroundProbes, bannerGrabbers, portScan, slowScan } from './scans.ts'
import { type DemoLine, type DemoSensor, HOUR, type Scene, type Script } from './scene.ts'
import { crawlers, feedReaders, monitors, ordinaryVisitors } from './visitors.ts'
import { injectionByHand, webScanners } from './web-attacks.ts'

/** Every scene of the day. The place in the list is the scene's stream of random numbers: append, do not insert. */
const SCRIPTS: Script[] = [
  ordinaryVisitors,
  crawlers,
  monitors,
  feedReaders,
  desks,
  backups,
  housekeeping,
  administrators,
  spoofedFlood,
  httpFlood,
  portScan,
  slowScan,
  backgroundProbes,
  bannerGrabbers,
  fastGuessing,
  sshdGuessing,
  spraying,
  webScanners,
  injectionByHand,
  droppers,
  beacon,
  generatedNames,
  intrusion,
]

export const DEMO_SEED = 20_26
export const DEMO_HOURS = 24

/** What happened in truth: who did what, where it was seen, and when. */
export interface DemoTruth {
  scene: string
  threatClass: ClassId
  sensor: DemoSensor
  sources: string[]
  lines: number
  from: EpochMs
  to: EpochMs
}

export interface DemoDay {
  /** Each sensor's log, in the order of its lines' times. */
  logs: Record<DemoSensor, DemoLine[]>
  truth: DemoTruth[]
}

/**
 * A scripted day of three sensors that ends at `endsAt`: over 20,000 lines, all seven classes. Alike for the same seed
 * and end, on every machine; another end moves the day and changes nothing else.
 */
export function demoDay(endsAt: EpochMs, seed: number = DEMO_SEED): DemoDay {
  const startsAt = Math.floor(endsAt / 1000) * 1000 - DEMO_HOURS * HOUR
  const at = (hours: number) => startsAt + hours * HOUR
  const scenes = SCRIPTS.flatMap((script, i) => script({ random: random(seed, i), at }))
  const logs: DemoDay['logs'] = { honeypot: [], web: [], network: [] }
  for (const { sensor, lines } of scenes) for (const line of lines) logs[sensor].push(line)
  // Stable, so lines of one time stay in the order in which their scene wrote them.
  for (const log of Object.values(logs)) log.sort((a, b) => a.ts - b.ts)
  return { logs, truth: scenes.map(truthOf) }
}

/** Who is what in the scripted day. */
export const demoTruth = (endsAt: EpochMs, seed: number = DEMO_SEED): DemoTruth[] => demoDay(endsAt, seed).truth

function truthOf({ name, threatClass, sensor, sources, lines }: Scene): DemoTruth {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const { ts } of lines) {
    from = Math.min(from, ts)
    to = Math.max(to, ts)
  }
  return { scene: name, threatClass, sensor, sources, lines: lines.length, from, to }
}
