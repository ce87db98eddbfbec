/** Scores are kept in half hundredths: 0-200 for 0-1. */
export const SCORE_STEPS = 200

/**
 * Sorted keys of one or two 32-bit words each, with a score and optionally a time of validity: what a list holds, in 4
 * bytes an IPv4 address and 8 a longer key, one more where scores differ. Ranges are disjoint.
 */
export interface KeyTable {
  words: 1 | 2
  count: number
  /** [count × words], ascending. */
  first: Uint32Array<ArrayBuffer>
  /** Of a range [count × words]; null where every key stands for itself. */
  last: Uint32Array<ArrayBuffer> | null
  /** By key, 0-200; null where all have `score`. */
  scores: Uint8Array<ArrayBuffer> | null
  /** Of every key where `scores` is null, 0-200. */
  score: number
  /** Validity by key, seconds since 1970, 0 for no bound; null where no key has one. */
  from: Uint32Array<ArrayBuffer> | null
  until: Uint32Array<ArrayBuffer> | null
}

/** Index of the key or of the range that holds it; -1 where there is none. One-word keys pass 0 as `low`. */
export function find(table: KeyTable, high: number, low = 0): number {
  const { first, last, count } = table
  let begin = 0
  let end = count
  if (table.words === 1) {
    while (begin < end) {
      const middle = (begin + end) >>> 1
      if (first[middle]! <= high) begin = middle + 1
      else end = middle
    }
    const at = begin - 1
    if (at < 0) return -1
    return last === null ? (first[at] === high ? at : -1) : last[at]! >= high ? at : -1
  }
  while (begin < end) {
    const middle = (begin + end) >>> 1
    const word = first[2 * middle]!
    if (word < high || (word === high && first[2 * middle + 1]! <= low)) begin = middle + 1
    else end = middle
  }
  const at = begin - 1
  if (at < 0) return -1
  if (last === null) return first[2 * at] === high && first[2 * at + 1] === low ? at : -1
  return last[2 * at]! > high || (last[2 * at] === high && last[2 * at + 1]! >= low) ? at : -1
}

/** 0-1. */
export const scoreAt = (table: KeyTable, at: number): number => (table.scores?.[at] ?? table.score) / SCORE_STEPS

/** Whether the entry counts for an event of this time. */
export function isValidAt(table: KeyTable, at: number, ts: number): boolean {
  const from = table.from?.[at] ?? 0
  const until = table.until?.[at] ?? 0
  return from * 1000 <= ts && (until === 0 || ts <= until * 1000)
}

export function bytesOf(table: KeyTable): number {
  return [table.first, table.last, table.scores, table.from, table.until].reduce(
    (sum, column) => sum + (column?.byteLength ?? 0),
    0,
  )
}
