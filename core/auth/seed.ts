import type { EpochMs } from '../time.ts'
import { hashPassword } from './password.ts'
import { type RandomBytes, secureRandom, sha256Hex } from './token.ts'

export interface Statement {
  sql: string
  params: (string | number | null)[]
}

export interface SensorSeed {
  sensorId: string
  sensorName: string
  sensorKey: string
}

export interface Seed extends SensorSeed {
  adminName: string
  adminPassword: string
  apiToken: string
}

/** The API token that a one-machine system keeps for its own scripts; a new one takes the old one's place. */
const TOKEN_NAME = 'local'

/**
 * What a fresh D1 database needs before anybody can log in or send: an admin, an API token of role admin, a sensor.
 * Run again with other secrets it replaces them, ends the admin's sessions and lifts a lock-out.
 * @returns statements to run in this order, in one batch
 */
export async function seedStatements(
  seed: Seed,
  now: EpochMs,
  random: RandomBytes = secureRandom,
): Promise<Statement[]> {
  const passwordHash = await hashPassword(seed.adminPassword, random)
  const tokenHash = await sha256Hex(seed.apiToken)
  return [
    {
      sql: `INSERT INTO users (name, password_hash, role, created_at) VALUES (?, ?, 'admin', ?)
ON CONFLICT (name) DO UPDATE SET password_hash = excluded.password_hash, role = 'admin', disabled_at = NULL,
failed_logins = 0, locked_until = NULL`,
      params: [seed.adminName, passwordHash, now],
    },
    {
      sql: 'DELETE FROM sessions WHERE user_id = (SELECT id FROM users WHERE name = ?)',
      params: [seed.adminName],
    },
    { sql: 'DELETE FROM api_tokens WHERE name = ? AND token_hash <> ?', params: [TOKEN_NAME, tokenHash] },
    {
      sql: `INSERT INTO api_tokens (name, token_hash, role, created_at) VALUES (?, ?, 'admin', ?)
ON CONFLICT (token_hash) DO UPDATE SET name = excluded.name, role = 'admin', expires_at = NULL, revoked_at = NULL`,
      params: [TOKEN_NAME, tokenHash, now],
    },
    written('user', seed.adminName, now),
    written('api-token', TOKEN_NAME, now),
    ...(await sensorStatements(seed, now)),
  ]
}

/** One more sensor, or a new key for one that exists; its revocation is lifted. */
export async function sensorStatements(seed: SensorSeed, now: EpochMs): Promise<Statement[]> {
  return [
    {
      sql: `INSERT INTO sensors (id, name, key_hash, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, key_hash = excluded.key_hash, revoked_at = NULL`,
      params: [seed.sensorId, seed.sensorName, await sha256Hex(seed.sensorKey), now],
    },
    written('sensor', seed.sensorId, now),
  ]
}

const written = (subjectType: string, subjectId: string, now: EpochMs): Statement => ({
  sql: `INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail)
VALUES (?, 'picket', 'credentials-set', ?, ?, '{}')`,
  params: [now, subjectType, subjectId],
})
