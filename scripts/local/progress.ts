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

/**
 * @param total how many; null when not known
 * @param unit what is counted, as `lines`
 */
export function createProgress(name: string, total: number | null, unit: string, out = process.stderr): Progress {
  const startedAt = performance.now()
  const rate = (done: number) => count(done / Math.max((performance.now() - startedAt) / 1000, 0.001))
  if (!out.isTTY) {
    let saidAt = startedAt
    return {
      update(done) {
        if (performance.now() - saidAt < 2_000) return
        saidAt = performance.now()
        out.write(
          `${name}: ${count(done)}${total === null ? '' : ` of ${count(total)}`} ${unit}, ${rate(done)} ${unit}/s\n`,
        )
      },
      note: (text) => out.write(`${name}: ${text}\n`),
      end() {},
    }
  }
  const format =
    total === null
      ? `${name}  {value} ${unit}  {rate} ${unit}/s  {note}`
      : `${name}  {bar} {percentage}%  {value} of {total} ${unit}  {rate} ${unit}/s  {note}`
  const bar = new SingleBar({ format, stream: out, hideCursor: true })
  bar.start(total ?? 1, 0, { rate: '0', note: '' })
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
