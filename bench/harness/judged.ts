import { setTimeout as wait } from 'node:timers/promises'
import { mustBe } from './bench.ts'
import type { Figures, IngestTarget } from './ingest-target.ts'

/**
 * Waits until every accepted event is in a window that was judged since. Rejects when that takes longer than `withinMs`,
 * when no window was judged since `before`, or when events came too late to be judged.
 */
export async function waitUntilJudged(app: IngestTarget, before: Figures, withinMs: number): Promise<Figures> {
  for (const until = performance.now() + withinMs; ; await wait(100)) {
    const now = await app.figures()
    if (now.unjudged === 0) {
      mustBe((now.judged ?? 0) > (before.judged ?? 0), 'no window was judged')
      mustBe((now.late ?? 0) === (before.late ?? 0), `${now.late} events came too late to be judged`)
      return now
    }
    mustBe(performance.now() < until, `${now.unjudged ?? 'unknown'} events are not judged after ${withinMs / 1000} s`)
  }
}
