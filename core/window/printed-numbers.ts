/**
 * Numbers as printable ASCII, in order of writing: small whole numbers take a character or two. A string lies on the
 * engine's own heap, is stored and put into JSON as it is, and costs a fraction of arrays of numbers.
 */

/** 64 digits from '#' on, without the backslash, which JSON would escape. */
const FIRST = 35
const BACKSLASH = 92
const charOf = (digit: number): number => (digit < BACKSLASH - FIRST ? FIRST + digit : FIRST + 1 + digit)
const digitOf = (char: number): number => (char < BACKSLASH ? char - FIRST : char - FIRST - 1)

const WHOLE_MOST = 2 ** 52
const HASH_DIGITS = 6
const float = new Float64Array(1)
const halves = new Uint32Array(float.buffer)

export class NumberPrinter {
  #chars = new Uint8Array(1024)
  #length = 0

  /** Any number. Whole ones of 0 to 2^52 take a character for every five bits and one bit more, others 13 characters. */
  number(value: number): void {
    if (!(value >= 0 && value <= WHOLE_MOST && Math.floor(value) === value) || Object.is(value, -0)) {
      float[0] = value
      this.#digit(1)
      this.hash(halves[0]!)
      this.hash(halves[1]!)
      return
    }
    // The lowest bit of the first digit is 0, which tells it from a float.
    let rest = value * 2
    while (rest >= 32) {
      const low = rest % 32
      this.#digit(low + 32)
      rest = (rest - low) / 32
    }
    this.#digit(rest)
  }

  /** 32 bits, six characters. */
  hash(value: number): void {
    let rest = value >>> 0
    for (let i = 0; i < HASH_DIGITS; i++) {
      this.#digit(rest & 63)
      rest >>>= 6
    }
  }

  numbers(values: ArrayLike<number>): void {
    this.number(values.length)
    for (let i = 0; i < values.length; i++) this.number(values[i]!)
  }

  /** Of many zeros, the others with their places. */
  sparse(values: ArrayLike<number>): void {
    let kept = 0
    for (let i = 0; i < values.length; i++) if (values[i] !== 0) kept++
    this.number(kept)
    for (let i = 0; i < values.length; i++)
      if (values[i] !== 0) {
        this.number(i)
        this.number(values[i]!)
      }
  }

  /** What was written since the last call. */
  text(): string {
    const text = String.fromCharCode.apply(null, this.#chars.subarray(0, this.#length) as unknown as number[])
    this.#length = 0
    return text
  }

  #digit(digit: number): void {
    if (this.#length === this.#chars.length) {
      const grown = new Uint8Array(2 * this.#length)
      grown.set(this.#chars)
      this.#chars = grown
    }
    this.#chars[this.#length++] = charOf(digit)
  }
}

/** Reads what NumberPrinter wrote, in the same order. Trusted: only ever our own text. */
export class NumberReader {
  readonly #text: string
  #at: number

  constructor(text: string, at = 0) {
    this.#text = text
    this.#at = at
  }

  number(): number {
    const first = this.#digit()
    if ((first & 1) === 1) {
      halves[0] = this.hash()
      halves[1] = this.hash()
      return float[0]!
    }
    let value = (first & 31) / 2
    let digit = first
    for (let scale = 16; digit >= 32; scale *= 32) {
      digit = this.#digit()
      value += (digit & 31) * scale
    }
    return value
  }

  hash(): number {
    let value = 0
    for (let shift = 0; shift < 6 * HASH_DIGITS; shift += 6) value |= this.#digit() << shift
    return value >>> 0
  }

  numbers(): number[] {
    const values = new Array<number>(this.number())
    for (let i = 0; i < values.length; i++) values[i] = this.number()
    return values
  }

  /** Adds what `sparse` wrote to `into`. */
  addSparse(into: { [index: number]: number }): void {
    for (let left = this.number(); left > 0; left--) {
      const index = this.number()
      into[index]! += this.number()
    }
  }

  #digit(): number {
    return digitOf(this.#text.charCodeAt(this.#at++))
  }
}
