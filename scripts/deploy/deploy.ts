import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Seed, type Statement, seedStatements } from '../../core/auth/seed.ts'
import { ADMIN_NAME, newSecret } from '../local/credentials.ts'
import { inRoot } from '../local/repository.ts'
import type { Wrangler, WranglerOutcome } from './wrangler.ts'

const DATABASE = 'picket'
/** As in wrangler.toml. */
const BUCKETS = { 'picket-intel': 'threat-intelligence lists', 'picket-models': 'trained models' }
/** What stands in wrangler.toml until a database was made. */
const NO_DATABASE = '00000000-0000-0000-0000-000000000000'

export interface DeployOptions {
  dryRun: boolean
  say: (text: string) => void
  /** wrangler.toml's text; read from the repository when absent. */
  config?: string
}

/** Deploys, or says what is missing. Throws with wrangler's own words when a step fails. */
export async function deploy(wrangler: Wrangler, options: DeployOptions): Promise<void> {
  const { dryRun, say } = options
  if (dryRun) return tryOut(wrangler, options)
  requireDatabase(options)
  await requireLogin(wrangler)
  for (const [bucket, holds] of Object.entries(BUCKETS)) await ensureBucket(wrangler, bucket, holds, say)
  say('applying migrations')
  succeeded('apply migrations', await wrangler('d1', 'migrations', 'apply', DATABASE, '--remote'))
  say('deploying')
  const deployed = succeeded('deploy', await wrangler('deploy'))
  say(deployed.match(/https:\/\/\S+\.workers\.dev\S*/)?.[0] ?? deployed.trim())
  if (await hasUser(wrangler)) say('the database has users: no administrator was made')
  else say(await makeFirst(wrangler))
}

async function tryOut(wrangler: Wrangler, options: DeployOptions): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-deploy-'))
  try {
    const built = succeeded('build the Worker', await wrangler('deploy', '--dry-run', '--outdir', folder))
    options.say(built.match(/^Total Upload:.*$/m)?.[0] ?? 'the Worker builds')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  options.say(
    'would apply remote migrations, deploy, and make a first administrator if the database has no user; nothing was asked of Cloudflare',
  )
  if (isWithoutDatabase(options)) options.say(`before a real run: ${MAKE_DATABASE}`)
}

const MAKE_DATABASE = `run "npx wrangler d1 create ${DATABASE}" and put the id that it prints in wrangler.toml as database_id`

const isWithoutDatabase = ({ config }: DeployOptions): boolean =>
  (config ?? readFileSync(inRoot('wrangler.toml'), 'utf8')).includes(NO_DATABASE)

function requireDatabase(options: DeployOptions): void {
  if (isWithoutDatabase(options)) throw new Error(`wrangler.toml names no D1 database yet: ${MAKE_DATABASE}`)
}

async function requireLogin(wrangler: Wrangler): Promise<void> {
  const { code, stdout, stderr } = await wrangler('whoami')
  if (code === 0 && !/not authenticated/i.test(stdout + stderr)) return
  throw new Error('wrangler is not logged in to Cloudflare: run "npx wrangler login", or set CLOUDFLARE_API_TOKEN')
}

/** A Worker that names a bucket which is not there is refused. */
async function ensureBucket(
  wrangler: Wrangler,
  bucket: string,
  holds: string,
  say: DeployOptions['say'],
): Promise<void> {
  if ((await wrangler('r2', 'bucket', 'info', bucket)).code === 0) return
  say(`making the bucket for ${holds}`)
  succeeded('make the R2 bucket', await wrangler('r2', 'bucket', 'create', bucket))
}

async function hasUser(wrangler: Wrangler): Promise<boolean> {
  const sql = 'SELECT count(*) AS users FROM users'
  const said = succeeded(
    'count users',
    await wrangler('d1', 'execute', DATABASE, '--remote', '--json', '--command', sql),
  )
  const [answer] = JSON.parse(said) as { results: { users: number }[] }[]
  const users = answer?.results[0]?.users
  if (users === undefined) throw new Error(`wrangler's count of users cannot be read: ${said}`)
  return users > 0
}

/** Makes the first credentials, and gives the text that tells them. Only their hashes go to Cloudflare. */
async function makeFirst(wrangler: Wrangler): Promise<string> {
  const seed: Seed = {
    adminName: ADMIN_NAME,
    adminPassword: newSecret(''),
    apiToken: newSecret('token'),
    sensorId: 'first',
    sensorName: 'First sensor',
    sensorKey: newSecret('sensor'),
  }
  const statements = await seedStatements(seed, Date.now())
  // A file: arguments would show in the process list.
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-deploy-'))
  try {
    const file = path.join(folder, 'first.sql')
    writeFileSync(file, `${statements.map(asSql).join(';\n')};\n`, { mode: 0o600 })
    succeeded('make the administrator', await wrangler('d1', 'execute', DATABASE, '--remote', '--yes', '--file', file))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return `Log in as ${seed.adminName}, password ${seed.adminPassword}
API token ${seed.apiToken}
Sensor key ${seed.sensorKey}
These are shown this once.`
}

/** The statement with its parameters written in; text is quoted as SQL has it. Statements hold no ? but parameters. */
export function asSql({ sql, params }: Statement): string {
  let next = 0
  const written = sql.replace(/\?/g, () => literal(params[next++]))
  if (next !== params.length) throw new Error(`a statement has ${next} places for ${params.length} parameters: ${sql}`)
  return written
}

function literal(value: string | number | null | undefined): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'string' && !value.includes('\0')) return `'${value.replaceAll("'", "''")}'`
  throw new Error(`cannot be written in SQL: ${String(value)}`)
}

function succeeded(what: string, { code, stdout, stderr }: WranglerOutcome): string {
  if (code !== 0) throw new Error(`wrangler could not ${what}:\n${`${stderr}${stdout}`.trim()}`)
  return stdout
}
