import { demoDay } from '../../core/demo/day.ts'
import { createLineReader } from '../../core/events/formats.ts'
import { FEATURE_COUNT } from '../../core/features/schema.ts'
import { labelledWindows } from '../../core/learning/labelled-windows.ts'
import { mustBe } from './bench.ts'

const DAY_ENDS = Date.UTC(2026, 0, 15)

/** Raw features of windows of the scripted day, row-major [count, 100]; absent is NaN. */
export function windowsOfTheDay(count: number): Float32Array {
  const day = demoDay(DAY_ENDS)
  const vectors = Object.values(day.logs).flatMap((lines) => {
    const reader = createLineReader({ receivedAt: DAY_ENDS })
    const events = lines.flatMap(({ line }) => {
      const read = reader.read(line)
      return read.ok && read.value ? [{ event: read.value.event, label: null, weakLabel: null }] : []
    })
    return labelledWindows(events).map(({ features }) => features)
  })
  mustBe(vectors.length >= count, `the day has ${vectors.length} windows, ${count} are asked for`)
  const rows = new Float32Array(count * FEATURE_COUNT)
  // Evenly over all of them, so that each sensor's are there.
  for (let i = 0; i < count; i++) rows.set(vectors[Math.floor((i * vectors.length) / count)]!, i * FEATURE_COUNT)
  return rows
}
