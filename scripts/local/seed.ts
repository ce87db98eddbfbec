import { createHash } from 'node:crypto'
import { type Statement, seedStatements, sensorStatements } from '../../core/auth/seed.ts'
import type { EpochMs } from '../../core/time.ts'
import { ADMIN_NAME, type Credentials, DEMO_SENSORS, LOCAL_SENSOR } from './credentials.ts'

/** The admin, the API token, the sensor for log files and the three demo sensors, as statements that may run twice. */
export async function localSeed(credentials: Credentials, now: EpochMs): Promise<Statement[]> {
  const { adminPassword, apiToken, sensorKey, demoSensorKeys } = credentials
  const named = ({ id, name }: { id: string; name: string }, key: string) => ({
    sensorId: id,
    sensorName: name,
    sensorKey: key,
  })
  const first = { adminName: ADMIN_NAME, adminPassword, apiToken, ...named(LOCAL_SENSOR, sensorKey) }
  const demo = DEMO_SENSORS.map((sensor) => sensorStatements(named(sensor, demoSensorKeys[sensor.id]), now))
  return [...(await seedStatements(first, now)), ...(await Promise.all(demo)).flat()]
}

/** Tells whether the same credentials were seeded before, without keeping them. */
export const digestOf = (credentials: Credentials): string =>
  createHash('sha256').update(JSON.stringify(credentials)).digest('hex')
