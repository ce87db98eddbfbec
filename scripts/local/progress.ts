import { SingleBar } from 'cli-progress'

/** How far a long command is: a bar on a terminal, else a line every 2 s; on stderr, so that stdout stays data. */
export interface Progress {
  /** `done` of the total, in the unit that the progress was made with. */
  update(done: number): void
  /** Says something without breaking the bar. */
  note(text: string): void
  end(): void
}

const count = (n: number) => Math.round(n).toLocaleString('en-US')

export interface ProgressOptions {
  /** How many; null when not known. */
  total: number | null
  /** What is counted, as `lines`. */
  unit: string
  /** Tells how many a second; false where the speed is not the command's. */
  rate?: boolean
  out?: NodeJS.WriteStream
}

export function createProgress(
  name: string,
  { total, unit, rate: tellsRate = true, out = process.stderr }: ProgressOptions,
): Progress {
  const startedAt = performance.now()
  const rate = (done: number) =>
    tellsRate ? `${count(done / Math.max((performance.now() - startedAt) / 1000, 0.001))} ${unit}/s` : ''
  if (!out.isTTY) {
    let saidAt = startedAt
    return {
      update(done) {
        if (performance.now() - saidAt < 2_000) return
        saidAt = performance.now()
        const speed = tellsRate ? `, ${rate(done)}` : ''
        out.write(`${name}: ${count(done)}${total === null ? '' : ` of ${count(total)}`} ${unit}${speed}\n`)
      },
      note: (text) => out.write(`${name}: ${text}\n`),
      end() {},
    }
  }
  const format =
    total === null
      ? `${name}  {value} ${unit}  {rate}  {note}`
      : `${name}  {bar} {percentage}%  {value} of {total} ${unit}  {rate}  {note}`
  const bar = new SingleBar({ format, stream: out, hideCursor: true })
  bar.start(total ?? 1, 0, { rate: '', note: '' })
  let last = 0
  return {
    update(done) {
      last = done
      bar.update(done, { rate: rate(done), note: '' })
    },
    note: (text) => bar.update(last, { rate: rate(last), note: text }),
    end: () => bar.stop(),
  }
}
