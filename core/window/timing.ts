import type { PaneView } from './closed-pane.ts'

/** Gaps up to this many are kept one by one, for an exact median; beyond, the median comes from the histogram. */
export const GAPS_EXACT = 512
/** Histogram of gaps: bins of half an octave over 1 ms … 2^19 ms; the median from it lies within a factor √2. */
export const GAP_BINS = 40

export interface Timing {
  firstTs: number
  lastTs: number
  gaps: number
  /** All in seconds; NaN when there is no gap. */
  mean: number
  std: number
  min: number
  median: number
  max: number
  /** Entropy of the gap histogram over its maximum, 0 (all alike) to 1. */
  entropy: number
  /** Share of gaps within the most frequent half-octave bin and its two neighbours. */
  regularity: number
}

const kept = new Float64Array(GAPS_EXACT)
const bins = new Float64Array(GAP_BINS)

/** 1 + floor(2 · log2(gapMs)) within 0..GAP_BINS-1, by the number's own exponent: the logarithm of every gap costs more. */
export function gapBin(gapMs: number): number {
  if (!(gapMs >= 1)) return 0
  if (gapMs >= 2 ** 30) return GAP_BINS - 1
  const exponent = 31 - Math.clz32(gapMs)
  const upperHalf = gapMs >= Math.SQRT2 * 2 ** exponent ? 1 : 0
  return Math.min(GAP_BINS - 1, 1 + 2 * exponent + upperHalf)
}

/** Statistics of the times between consecutive events of the panes, which must be in order of time. */
export function timingOf(panes: readonly PaneView[]): Timing {
  let firstTs = Number.NaN
  let previous = Number.NaN
  let gaps = 0
  let sum = 0
  let squared = 0
  let min = Number.POSITIVE_INFINITY
  let max = 0
  bins.fill(0)
  for (const pane of panes)
    pane.forEachTime((ts) => {
      if (gaps === 0 && Number.isNaN(previous)) {
        firstTs = ts
        previous = ts
        return
      }
      const gap = ts - previous
      previous = ts
      if (gaps < GAPS_EXACT) kept[gaps] = gap
      gaps++
      sum += gap
      squared += gap * gap
      if (gap < min) min = gap
      if (gap > max) max = gap
      bins[gapBin(gap)]!++
    })
  if (gaps === 0) {
    const none = Number.NaN
    return {
      firstTs,
      lastTs: previous,
      gaps,
      mean: none,
      std: none,
      min: none,
      median: none,
      max: none,
      entropy: none,
      regularity: none,
    }
  }
  const mean = sum / gaps
  return {
    firstTs,
    lastTs: previous,
    gaps,
    mean: mean / 1000,
    std: Math.sqrt(Math.max(0, squared / gaps - mean * mean)) / 1000,
    min: min / 1000,
    median: (gaps <= GAPS_EXACT ? exactMedian(gaps) : binnedMedian(gaps)) / 1000,
    max: max / 1000,
    entropy: binEntropy(gaps),
    regularity: modalShare(gaps),
  }
}

function exactMedian(count: number): number {
  const middle = count >> 1
  select(kept, count, middle)
  if (count % 2 === 1) return kept[middle]!
  let below = kept[0]!
  for (let i = 1; i < middle; i++) if (kept[i]! > below) below = kept[i]!
  return (below + kept[middle]!) / 2
}

/** Puts the value of rank `rank` in its place, none before it larger and none after it smaller (Hoare, 1961: FIND). */
function select(values: Float64Array, count: number, rank: number): void {
  let from = 0
  let to = count - 1
  while (from < to) {
    const pivot = values[rank]!
    let low = from
    let high = to
    while (low <= high) {
      while (values[low]! < pivot) low++
      while (pivot < values[high]!) high--
      if (low > high) break
      const swapped = values[low]!
      values[low++] = values[high]!
      values[high--] = swapped
    }
    if (high < rank) from = low
    if (rank < low) to = high
  }
}

function binnedMedian(count: number): number {
  let before = 0
  for (let bin = 0; bin < GAP_BINS; bin++) {
    if (before + bins[bin]! >= count / 2) return bin === 0 ? 0.5 : 2 ** ((bin - 0.5) / 2)
    before += bins[bin]!
  }
  return 2 ** ((GAP_BINS - 1) / 2)
}

function binEntropy(count: number): number {
  let sum = 0
  for (let bin = 0; bin < GAP_BINS; bin++) if (bins[bin]! > 0) sum += bins[bin]! * Math.log2(bins[bin]!)
  return Math.max(0, Math.log2(count) - sum / count) / Math.log2(GAP_BINS)
}

function modalShare(count: number): number {
  let mode = 0
  for (let bin = 1; bin < GAP_BINS; bin++) if (bins[bin]! > bins[mode]!) mode = bin
  return ((bins[mode - 1] ?? 0) + bins[mode]! + (bins[mode + 1] ?? 0)) / count
}
