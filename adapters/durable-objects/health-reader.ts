import type { PartitionHealth, SensorHealth } from '../../core/health.ts'
import type { Reading } from '../../core/live-figures.ts'
import { err, ok, type Result } from '../../core/result.ts'

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

/** A page does not wait longer for a part that does not answer. */
const PATIENCE_MS = 2_000

export const readSensors = (bindings: HealthBindings, ids: readonly string[]): Promise<Reading<SensorHealth>[]> =>
  Promise.all(ids.map(async (id) => ({ name: id, health: await askHealth(bindings.SENSOR, id) })))

/** In order of their numbers. */
export async function readPartitions(bindings: HealthBindings): Promise<Reading<PartitionHealth>[]> {
  const names = Array.from({ length: Math.max(1, Number(bindings.PARTITIONS) || 0) }, (_, i) => `p${i}`)
  return Promise.all(
    names.map(async (name, i) => ({
      name: `partition ${i}`,
      health: await askHealth(bindings.SOURCE_PARTITION, name),
    })),
  )
}

/** What an object says of its health within 2 s, or why that is not known. */
export async function askHealth<Health>(
  namespace: HealthNamespace<Health>,
  name: string,
): Promise<Result<Health, string>> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<Result<Health, string>>((resolve) => {
    timer = setTimeout(() => resolve(err(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([namespace.getByName(name).health().then(ok), tooLong])
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  } finally {
    clearTimeout(timer)
  }
}
