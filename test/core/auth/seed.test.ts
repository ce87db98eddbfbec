import { readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it } from 'vitest'
import { verifyPassword } from '../../../core/auth/password.ts'
import { type Seed, type Statement, seedStatements } from '../../../core/auth/seed.ts'
import { sha256Hex } from '../../../core/auth/token.ts'

const SEED: Seed = {
  adminName: 'admin',
  adminPassword: 'first password',
  apiToken: 'token-one',
  sensorId: 'local',
  sensorName: "Bobby's log files",
  sensorKey: 'key-one',
}
const MIGRATION = path.resolve(import.meta.dirname, '../../../migrations/0000_main-path.sql')

let db: DatabaseSync
const run = (statements: Statement[]) => {
  for (const { sql, params } of statements) db.prepare(sql).run(...params)
}
const rows = (sql: string) => db.prepare(sql).all() as Record<string, string | number | null>[]

beforeEach(() => {
  db = new DatabaseSync(':memory:')
  db.exec(readFileSync(MIGRATION, 'utf8'))
})

describe('seed', () => {
  it('gives a fresh database one admin, one admin token and one sensor, all secrets hashed', async () => {
    run(await seedStatements(SEED, 1000))
    const [user] = rows('SELECT * FROM users')
    expect(user).toMatchObject({ name: 'admin', role: 'admin', failed_logins: 0 })
    expect(await verifyPassword('first password', String(user!.password_hash))).toBe(true)
    expect(rows('SELECT name, token_hash, role FROM api_tokens')).toEqual([
      { name: 'local', token_hash: await sha256Hex('token-one'), role: 'admin' },
    ])
    expect(rows('SELECT id, name, key_hash FROM sensors')).toEqual([
      { id: 'local', name: "Bobby's log files", key_hash: await sha256Hex('key-one') },
    ])
    expect(rows('SELECT subject_type FROM audit_log')).toHaveLength(3)
  })

  it('run again with other secrets replaces them, ends sessions and lifts a lock-out', async () => {
    run(await seedStatements(SEED, 1000))
    db.exec('UPDATE users SET failed_logins = 9, locked_until = 99999')
    db.exec("INSERT INTO sessions VALUES ('hash', 1, 'csrf', 0, 1)")
    run(await seedStatements({ ...SEED, adminPassword: 'second', apiToken: 'token-two', sensorKey: 'key-two' }, 2000))
    const [user, ...others] = rows('SELECT * FROM users')
    expect(others).toEqual([])
    expect(user).toMatchObject({ failed_logins: 0, locked_until: null })
    expect(await verifyPassword('second', String(user!.password_hash))).toBe(true)
    expect(rows('SELECT * FROM sessions')).toEqual([])
    expect(rows('SELECT token_hash FROM api_tokens')).toEqual([{ token_hash: await sha256Hex('token-two') }])
    expect(rows('SELECT key_hash FROM sensors')).toEqual([{ key_hash: await sha256Hex('key-two') }])
  })

  it('run twice with the same secrets changes no row', async () => {
    run(await seedStatements(SEED, 1000))
    const before = rows('SELECT id, name, token_hash FROM api_tokens')
    run(await seedStatements(SEED, 2000))
    expect(rows('SELECT id, name, token_hash FROM api_tokens')).toEqual(before)
    expect(rows('SELECT count(*) AS n FROM users')).toEqual([{ n: 1 }])
  })
})
