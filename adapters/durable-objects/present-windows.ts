import { partitionOf } from '../../core/events/batch.ts'
import type { VectorNow, WindowNow, Windows } from '../../core/features/store/features-of.ts'

export interface WindowNamespace {
  getByName(name: string): Windows
}

export interface WindowBindings {
  SOURCE_PARTITION: WindowNamespace
  /** Written as text in wrangler.toml. */
  PARTITIONS: string
}

const PATIENCE_MS = 2_000

/** The windows of all partitions: each question goes to the one that keeps the address. */
export function presentWindows({ SOURCE_PARTITION, PARTITIONS }: WindowBindings): Windows {
  const partition = (address: string) =>
    SOURCE_PARTITION.getByName(`p${partitionOf(address, Math.max(1, Number(PARTITIONS) || 0))}`)
  return {
    windowNow: (address, scope): Promise<WindowNow | null> => patiently(partition(address).windowNow(address, scope)),
    vectorNow: (address, scope): Promise<VectorNow | null> => patiently(partition(address).vectorNow(address, scope)),
  }
}

async function patiently<Answer>(answer: Promise<Answer>): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the partition did not answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([answer, tooLong])
  } finally {
    clearTimeout(timer)
  }
}
