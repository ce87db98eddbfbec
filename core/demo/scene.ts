import type { Random } from '../learning/random.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'

/** The three sensors of the scripted day. */
export type DemoSensor = 'honeypot' | 'web' | 'network'

/** One log line with the time that it carries. */
export interface DemoLine {
  ts: EpochMs
  line: string
}

/** What some sources do at one sensor, and what it is in truth. */
export interface Scene {
  name: string
  /** The class of what its sources do. */
  threatClass: ClassId
  sensor: DemoSensor
  /** Addresses of the sources, as the lines name them. */
  sources: string[]
  /** In any order. */
  lines: DemoLine[]
}

/** The day's clock and luck, for one scene. */
export interface Stage {
  random: Random
  /** Hours into the day, 0..24. The quiet hours, an office's night, are 10 to 16. */
  at(hours: number): EpochMs
}

export type Script = (stage: Stage) => Scene[]

export const SECOND = 1_000
export const MINUTE = 60_000
export const HOUR = 3_600_000

export const pick = <Item>(random: Random, items: readonly Item[]): Item => items[random.below(items.length)]!

/** A number from low to high. */
export const between = (random: Random, low: number, high: number): number => low + random.unit() * (high - low)

/** A whole number from low to high, both included. */
export const whole = (random: Random, low: number, high: number): number => low + random.below(high - low + 1)

/** A waiting time with this mean, as between independent people (exponential), at most 8 means. */
export const waiting = (random: Random, mean: number): number => Math.min(-Math.log(1 - random.unit()) * mean, mean * 8)

/** How busy people are at a time of the day: 1 in the office's hours, 0.08 in the quiet ones. */
export const busyness = (hours: number): number =>
  hours >= 10 && hours < 16 ? 0.08 : hours < 8 || hours >= 18 ? 1 : 0.45

export const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.below(16).toString(16)).join('')
