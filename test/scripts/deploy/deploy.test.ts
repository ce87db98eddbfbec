import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { seedStatements } from '../../../core/auth/seed.ts'
import { asSql, deploy } from '../../../scripts/deploy/deploy.ts'
import type { Wrangler } from '../../../scripts/deploy/wrangler.ts'
import { inRoot } from '../../../scripts/local/repository.ts'

const WITH_DATABASE = 'database_id = "2f0c2c1e-6a0e-4a55-8f0b-3f0d0a7f1f11"'
const WITHOUT = 'database_id = "00000000-0000-0000-0000-000000000000"'

/** A wrangler that answers from a table by the first two words, and keeps what it was asked. */
function standIn(answers: Record<string, { code?: number; stdout?: string; stderr?: string }> = {}) {
  const calls: string[][] = []
  const files: string[] = []
  const wrangler: Wrangler = async (...args) => {
    calls.push(args)
    const file = args[args.indexOf('--file') + 1]
    if (args.includes('--file')) files.push(readFileSync(file!, 'utf8'))
    const answer = answers[args.slice(0, 2).join(' ')] ?? answers[args[0]!] ?? {}
    return { code: 0, stdout: '', stderr: '', ...answer }
  }
  return { wrangler, calls, files }
}

async function run(stand: ReturnType<typeof standIn>, options: { dryRun?: boolean; config?: string } = {}) {
  const said: string[] = []
  await deploy(stand.wrangler, { dryRun: false, config: WITH_DATABASE, say: (text) => said.push(text), ...options })
  return said.join('\n')
}

const users = (count: number) => ({ 'd1 execute': { stdout: JSON.stringify([{ results: [{ users: count }] }]) } })

it('asks nothing of Cloudflare in a dry run, and says what is missing', async () => {
  const stand = standIn({ deploy: { stdout: 'Total Upload: 3000 KiB / gzip: 900 KiB\n--dry-run: exiting now.\n' } })
  const said = await run(stand, { dryRun: true, config: WITHOUT })
  expect(stand.calls).toHaveLength(1)
  expect(stand.calls[0]?.slice(0, 2)).toEqual(['deploy', '--dry-run'])
  expect(said).toMatch(/Total Upload: 3000 KiB/)
  expect(said).toMatch(/wrangler d1 create picket/)
})

it('says how to log in when nobody is, before anything is changed', async () => {
  const stand = standIn({ whoami: { stdout: 'You are not authenticated. Please run `wrangler login`.' } })
  await expect(run(stand)).rejects.toThrow(/npx wrangler login/)
  expect(stand.calls.map(([first]) => first)).toEqual(['whoami'])
})

it('says how to make a database when wrangler.toml names none', async () => {
  const stand = standIn()
  await expect(run(stand, { config: WITHOUT })).rejects.toThrow(/wrangler d1 create picket/)
  expect(stand.calls).toEqual([])
})

it('migrates before it deploys, and leaves the users of a database alone', async () => {
  const stand = standIn({ ...users(2), deploy: { stdout: 'Deployed picket\n  https://picket.me.workers.dev\n' } })
  const said = await run(stand)
  expect(stand.calls.map((call) => call.slice(0, 3).join(' '))).toEqual([
    'whoami',
    'r2 bucket info',
    'r2 bucket info',
    'd1 migrations apply',
    'deploy',
    'd1 execute picket',
  ])
  expect(said).toMatch(/https:\/\/picket\.me\.workers\.dev/)
  expect(stand.files).toEqual([])
})

it('makes a bucket where it is missing, before it deploys', async () => {
  const stand = standIn({ ...users(1), 'r2 bucket': { code: 1, stderr: 'The specified bucket does not exist.' } })
  await expect(run(stand)).rejects.toThrow(/could not make the R2 bucket/)
  expect(stand.calls.map((call) => call.slice(0, 3).join(' '))).toEqual([
    'whoami',
    'r2 bucket info',
    'r2 bucket create',
  ])
})

it('makes the first administrator of an empty database; its secrets do not go to Cloudflare', async () => {
  const stand = standIn(users(0))
  const said = await run(stand)
  const password = /password (\S+)/.exec(said)?.[1]
  const token = /API token (\S+)/.exec(said)?.[1]
  const key = /Sensor key (\S+)/.exec(said)?.[1]
  expect(stand.files).toHaveLength(1)
  for (const secret of [password, token, key]) {
    expect(secret!.length).toBeGreaterThanOrEqual(16)
    expect(stand.files[0]).not.toContain(secret)
    expect(stand.calls.flat().join(' ')).not.toContain(secret)
  }
})

it('stops with wrangler’s words when a step fails', async () => {
  const stand = standIn({ 'd1 migrations': { code: 1, stderr: 'no such database' } })
  await expect(run(stand)).rejects.toThrow(/could not apply migrations:\nno such database/)
  expect(stand.calls.some(([first]) => first === 'deploy')).toBe(false)
})

it('writes the seed as SQL that a database takes, quotes and all', async () => {
  const seed = {
    adminName: "o'brien",
    adminPassword: 'a password',
    apiToken: 'a token',
    sensorId: 'first',
    sensorName: "Mara's sensor; --",
    sensorKey: 'a key',
  }
  const database = new DatabaseSync(':memory:')
  const migration = readFileSync(inRoot('migrations/0000_main-path.sql'), 'utf8')
  database.exec(migration.replaceAll('--> statement-breakpoint', ''))
  for (const statement of await seedStatements(seed, 1_000)) database.exec(asSql(statement))
  expect(database.prepare('SELECT name, role FROM users').all()).toEqual([{ name: "o'brien", role: 'admin' }])
  expect(database.prepare('SELECT id, name FROM sensors').all()).toEqual([{ id: 'first', name: "Mara's sensor; --" }])
})
