import { FrequencySketch } from './frequency-sketch.ts'
import { Pane } from './pane.ts'
import { PANE_MS, PaneTimes } from './pane-times.ts'
import { NumberReader } from './printed-numbers.ts'

/** A pane as the features see it. */
export interface PaneView {
  readonly index: number
  readonly events: number
  readonly failures: number
  /** Time of the first log-in that succeeded, ms; +∞ when none did. */
  readonly firstSuccessTs: number
  /** Estimate, as of FrequencySketch. */
  readonly distinctHosts: number
  readonly hosts: FrequencySketch | null
  forEachTime(visit: (ts: number) => void): void
}

/**
 * A pane that no event is expected for, as text: some 450 characters for ten events, where the open pane's objects take
 * 3 KB. Opened again when an event comes late.
 */
export class ClosedPane implements PaneView {
  readonly index: number
  readonly events: number
  readonly failures: number
  readonly firstSuccessTs: number
  readonly distinctHosts: number
  readonly text: string

  constructor(pane: Pane, text = pane.print()) {
    this.index = pane.index
    this.events = pane.events
    this.failures = pane.failures
    this.firstSuccessTs = pane.firstSuccessTs
    this.distinctHosts = pane.distinctHosts
    this.text = text
  }

  get hosts(): FrequencySketch | null {
    const printed = new NumberReader(this.text)
    PaneTimes.skip(printed)
    if (printed.number() === 0) return null
    const hosts = new FrequencySketch()
    hosts.mergePrinted(printed)
    return hosts
  }

  forEachTime(visit: (ts: number) => void): void {
    PaneTimes.forEachOf(this.index * PANE_MS, new NumberReader(this.text), visit)
  }

  open(): Pane {
    return Pane.read(this.index, new NumberReader(this.text))
  }

  /** Adds the pane to a sum, but for its times. */
  addTo(sum: Pane): void {
    const printed = new NumberReader(this.text)
    PaneTimes.skip(printed)
    sum.mergePrinted(this.index, printed)
  }
}
