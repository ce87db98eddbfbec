import type { PartitionHealth, SensorHealth } from '../../core/health.ts'
import type { Reading } from '../../core/live-figures.ts'
import type { Result } from '../../core/result.ts'
import { answerInTime } from './answer-in-time.ts'

/** What this adapter asks of a Durable Object namespace; the real bindings and a test's stand-ins both fit. */
export interface HealthNamespace<Health> {
  getByName(name: string): { health(): Promise<Health> }
}

export interface HealthBindings {
  SENSOR: HealthNamespace<SensorHealth>
  SOURCE_PARTITION: HealthNamespace<PartitionHealth>
  /** Written as text in wrangler.toml. */
  PARTITIONS: string
}

/** How many partitions there are: what is no number counts as one. */
export const partitionCount = ({ PARTITIONS }: { PARTITIONS: string }): number => Math.max(1, Number(PARTITIONS) || 0)

export const readSensors = (bindings: HealthBindings, ids: readonly string[]): Promise<Reading<SensorHealth>[]> =>
  Promise.all(ids.map(async (id) => ({ name: id, health: await askHealth(bindings.SENSOR, id) })))

/** In order of their numbers. */
export async function readPartitions(bindings: HealthBindings): Promise<Reading<PartitionHealth>[]> {
  const names = Array.from({ length: partitionCount(bindings) }, (_, i) => `p${i}`)
  return Promise.all(
    names.map(async (name, i) => ({
      name: `partition ${i}`,
      health: await askHealth(bindings.SOURCE_PARTITION, name),
    })),
  )
}

/** What an object says of its health within 2 s, or why that is not known. */
export const askHealth = <Health>(namespace: HealthNamespace<Health>, name: string): Promise<Result<Health, string>> =>
  answerInTime(() => namespace.getByName(name).health())
