import { type KeyTable, SCORE_STEPS } from './key-table.ts'

/** What an entry carries beside its key. Times in seconds since 1970, 0 for no bound. */
export interface Carried {
  /** 0-200. */
  score: number
  from: number
  until: number
}

/** A key with its place packed into one number: sorting numbers is ten times faster than sorting by a comparison. */
const PLACE_BITS = 21
const PLACES = 2 ** PLACE_BITS
/** Entries of one table. */
export const MOST_KEYS = PLACES

/** Keys as they come in; `table` sorts them and makes doubles one, with the highest score. */
export class KeyColumns {
  readonly #words: 1 | 2
  #first = new Uint32Array(1024)
  #scores = new Uint8Array(1024)
  #from: Uint32Array<ArrayBuffer> | null = null
  #until: Uint32Array<ArrayBuffer> | null = null
  #count = 0

  constructor(words: 1 | 2) {
    this.#words = words
  }

  get count(): number {
    return this.#count
  }

  /** Throws over MOST_KEYS: the caller counts. */
  add(high: number, low: number, { score, from, until }: Carried): void {
    if (this.#count >= MOST_KEYS) throw new RangeError(`a table takes ${MOST_KEYS} keys`)
    if (this.#count === this.#scores.length) this.#grow()
    const at = this.#count++
    if (this.#words === 1) this.#first[at] = high
    else {
      this.#first[2 * at] = high
      this.#first[2 * at + 1] = low
    }
    this.#scores[at] = score
    if (from !== 0 || until !== 0) {
      this.#from ??= new Uint32Array(this.#scores.length)
      this.#until ??= new Uint32Array(this.#scores.length)
      this.#from[at] = from
      this.#until[at] = until
    }
  }

  /** Null when it holds nothing. */
  table(): KeyTable | null {
    if (this.#count === 0) return null
    const order = this.#order()
    const kept: number[] | Uint32Array = this.#withoutDoubles(order)
    const words = this.#words
    const first = new Uint32Array(kept.length * words)
    kept.forEach((place, i) => {
      for (let word = 0; word < words; word++) first[words * i + word] = this.#first[words * place + word]!
    })
    const scores = Uint8Array.from(kept, (place) => this.#scores[place]!)
    const column = (from: Uint32Array | null) => from && Uint32Array.from(kept, (place) => from[place]!)
    return {
      words,
      count: kept.length,
      first,
      last: null,
      ...shared(scores),
      from: column(this.#from),
      until: column(this.#until),
    }
  }

  #order(): Uint32Array {
    const words = this.#words
    const packed = new Float64Array(this.#count)
    for (let i = 0; i < packed.length; i++) packed[i] = this.#first[words * i]! * PLACES + i
    packed.sort()
    const order = Uint32Array.from(packed, (value) => value % PLACES)
    if (words === 2) this.#sortByLowWord(order)
    return order
  }

  #sortByLowWord(order: Uint32Array): void {
    const high = (i: number) => this.#first[2 * order[i]!]!
    for (let begin = 0; begin < order.length; ) {
      let end = begin + 1
      while (end < order.length && high(end) === high(begin)) end++
      if (end - begin > 1)
        order.subarray(begin, end).sort((a, b) => this.#first[2 * a + 1]! - this.#first[2 * b + 1]! || a - b)
      begin = end
    }
  }

  /** Of equal keys the one with the highest score stays. */
  #withoutDoubles(order: Uint32Array): Uint32Array {
    const words = this.#words
    const same = (a: number, b: number) =>
      this.#first[words * a] === this.#first[words * b] &&
      (words === 1 || this.#first[2 * a + 1] === this.#first[2 * b + 1])
    let kept = 0
    for (const place of order) {
      const before = order[kept - 1]
      if (kept === 0 || !same(before!, place)) order[kept++] = place
      else if (this.#scores[place]! > this.#scores[before!]!) order[kept - 1] = place
    }
    return order.slice(0, kept)
  }

  #grow(): void {
    const size = Math.min(this.#scores.length * 2, MOST_KEYS)
    const larger = (column: Uint32Array<ArrayBuffer>, length: number) => {
      const grown = new Uint32Array(length)
      grown.set(column)
      return grown
    }
    this.#first = larger(this.#first, size * this.#words)
    this.#from &&= larger(this.#from, size)
    this.#until &&= larger(this.#until, size)
    const scores = new Uint8Array(size)
    scores.set(this.#scores)
    this.#scores = scores
  }
}

export interface KeyRange extends Carried {
  first: bigint
  last: bigint
}

/** A table of disjoint ranges from ranges that may lie in one another (CIDRs do); where two hold, the higher score counts. */
export function rangeTable(ranges: KeyRange[], words: 1 | 2): KeyTable | null {
  if (ranges.length === 0) return null
  const disjoint = disjointRanges(ranges)
  const keys = (of: (range: KeyRange) => bigint) =>
    Uint32Array.from(
      disjoint.flatMap((range) => {
        const key = of(range)
        return words === 1 ? [Number(key)] : [Number(key >> 32n), Number(key & 0xffffffffn)]
      }),
    )
  const bounded = disjoint.some(({ from, until }) => from !== 0 || until !== 0)
  return {
    words,
    count: disjoint.length,
    first: keys(({ first }) => first),
    last: keys(({ last }) => last),
    ...shared(Uint8Array.from(disjoint, ({ score }) => score)),
    from: bounded ? Uint32Array.from(disjoint, ({ from }) => from) : null,
    until: bounded ? Uint32Array.from(disjoint, ({ until }) => until) : null,
  }
}

function disjointRanges(ranges: KeyRange[]): KeyRange[] {
  const sorted = [...ranges].sort((a, b) =>
    a.first !== b.first ? (a.first < b.first ? -1 : 1) : a.last > b.last ? -1 : a.last < b.last ? 1 : 0,
  )
  const out: KeyRange[] = []
  /** Ranges that are open here, outermost first; each carries the better of itself and what it lies in. */
  const open: KeyRange[] = []
  let at = 0n
  const put = (last: bigint) => {
    const inside = open.at(-1)
    if (inside === undefined || at > last) return
    const before = out.at(-1)
    const goesOn = before !== undefined && before.last + 1n === at && sameCarried(before, inside)
    if (goesOn) before.last = last
    else out.push({ ...inside, first: at, last })
    at = last + 1n
  }
  const closeBefore = (key: bigint) => {
    for (let inside = open.at(-1); inside !== undefined && inside.last < key; inside = open.at(-1)) {
      put(inside.last)
      open.pop()
    }
  }
  for (const range of sorted) {
    closeBefore(range.first)
    put(range.first - 1n)
    at = range.first
    const around = open.at(-1)
    open.push(around !== undefined && around.score >= range.score ? { ...around, last: range.last } : range)
  }
  closeBefore(1n << 64n)
  return out
}

const sameCarried = (a: Carried, b: Carried): boolean => a.score === b.score && a.from === b.from && a.until === b.until

function shared(scores: Uint8Array<ArrayBuffer>): Pick<KeyTable, 'scores' | 'score'> {
  const [one = SCORE_STEPS] = scores
  return scores.every((score) => score === one) ? { scores: null, score: one } : { scores, score: 0 }
}
