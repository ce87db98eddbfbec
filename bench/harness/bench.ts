/** How a run is asked for. */
export interface BenchOptions {
  /** A tenth of the work: proves that the bench works, gives no figure to quote. */
  quick: boolean
  /** Length of the soak, minutes. */
  minutes: number
  /** Events a second of the soak. */
  rate: number
  /** How far it is, on stderr. */
  say: (text: string) => void
}

/** One figure of a bench, with what it is held against. */
export interface Row {
  name: string
  value: number
  unit: string
  /** What issue 3 asks for; absent where it asks nothing. */
  target?: { least: number } | { most: number }
  /** Measured in the same run, in the same unit: machines differ, the ratio differs less. */
  reference?: { name: string; value: number }
}

export interface Outcome {
  rows: Row[]
  /** What was done and proven, and what the figures do not say. */
  notes: string[]
}

/** A subject's benchmark. `run` rejects when the work that it timed was not done. */
export interface Bench {
  /** File name without `.ts`, and what `--only` takes. */
  name: string
  title: string
  /** For bench/README.md: what is done, what is timed, what the reference is. */
  explains: string
  run(options: BenchOptions): Promise<Outcome>
}

/** The work was not done, or not all of it: no figure is given. */
export class NotDone extends Error {}

export function mustBe(done: boolean, why: string): asserts done {
  if (!done) throw new NotDone(why)
}

/** Null where nothing is asked. */
export function isMet({ value, target }: Row): boolean | null {
  if (target === undefined) return null
  return 'least' in target ? value >= target.least : value <= target.most
}
