import { partitionOf } from '../../core/events/batch.ts'
import type { VectorNow, WindowNow, Windows } from '../../core/features/store/features-of.ts'
import { inTime } from '../in-time.ts'
import { PATIENCE_MS } from './answer-in-time.ts'
import { partitionCount } from './health-reader.ts'

export interface WindowNamespace {
  getByName(name: string): Windows
}

export interface WindowBindings {
  SOURCE_PARTITION: WindowNamespace
  /** Written as text in wrangler.toml. */
  PARTITIONS: string
}

/** The windows of all partitions: each question goes to the one that keeps the address. */
export function presentWindows(bindings: WindowBindings): Windows {
  const partition = (address: string) =>
    bindings.SOURCE_PARTITION.getByName(`p${partitionOf(address, partitionCount(bindings))}`)
  return {
    windowNow: (address, scope): Promise<WindowNow | null> => patiently(partition(address).windowNow(address, scope)),
    vectorNow: (address, scope): Promise<VectorNow | null> => patiently(partition(address).vectorNow(address, scope)),
  }
}

const patiently = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
  inTime(answer, PATIENCE_MS, 'the partition did not answer')
