// Set-up, run before every command. It runs on whatever Node the machine has (20 and up), so it is plain JavaScript;
// what it installs brings the newer Node that everything after it runs on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..')
const inRoot = (/** @type {string} */ name) => path.join(root, name)
const bin = inRoot('node_modules/.bin')
const onWindows = process.platform === 'win32'

const env = {
  ...process.env,
  PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
}

/** SHA-256 of the files' contents, hex. */
function digest(/** @type {string[]} */ ...files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(fs.readFileSync(inRoot(file))).update('\0')
  return hash.digest('hex')
}

/** Runs `make` when the stamp file does not hold `value`; the stamp is written only after it went well. */
function unlessStamped(/** @type {string} */ stamp, /** @type {string} */ value, /** @type {() => void} */ make) {
  const file = inRoot(stamp)
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === value) return
  make()
  fs.writeFileSync(file, value)
}

function run(
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {import('node:child_process').StdioOptions} */ stdio,
) {
  const done = spawnSync(command, args, { cwd: root, env, stdio, encoding: 'utf8', shell: onWindows })
  if (done.status === 0) return
  if (done.error) process.stderr.write(`${command}: ${done.error.message}\n`)
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`)
  process.stderr.write(`set-up failed at: ${command} ${args.join(' ')}\n`)
  process.exit(done.status || 1)
}

/** True when npm's own record of what it installed last holds every package of the lock file, in its version. */
function isInstalled() {
  const record = inRoot('node_modules/.package-lock.json')
  if (!fs.existsSync(record)) return false
  const packagesOf = (/** @type {string} */ file) => JSON.parse(fs.readFileSync(file, 'utf8')).packages
  const installed = packagesOf(record)
  return Object.entries(packagesOf(inRoot('package-lock.json'))).every(([place, { version, optional }]) => {
    if (place === '') return true
    // What is optional may be meant for another platform.
    return place in installed ? installed[place].version === version : optional === true
  })
}

// No package of the tree needs its install script (the binaries come as packages of their own), so none is run.
// npm's output goes to stderr: a command's own stdout (--json) stays clean.
if (!isInstalled()) {
  process.stderr.write('picket: installing packages, once (about half a minute)\n')
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], ['ignore', 2, 2])
}

const node = path.join(bin, onWindows ? 'node.cmd' : 'node')
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (!fs.existsSync(node) && (major < 22 || (major === 22 && minor < 18))) {
  process.stderr.write(
    `picket: no Node package exists for ${process.platform}-${process.arch}, and Node ${process.versions.node} is too old: install Node 22.18 or newer\n`,
  )
  process.exit(1)
}

if (fs.existsSync(inRoot('scripts/copy-assets.mjs')))
  run('node', ['scripts/copy-assets.mjs'], ['ignore', 'pipe', 'pipe'])
// A rule that cannot be read is told here, where its author looks; the other rules go on.
if (fs.existsSync(inRoot('scripts/rule-set.mjs'))) run('node', ['scripts/rule-set.mjs'], ['ignore', 'pipe', 2])

// Country and network of addresses: seconds of work, so only when the table is missing or what it is made from changed.
if (fs.existsSync(inRoot('scripts/intel/build-networks.ts'))) {
  const stamp = 'node_modules/.networks-digest'
  if (!fs.existsSync(inRoot('web/static/vendor/networks.bin'))) fs.rmSync(inRoot(stamp), { force: true })
  const versions = ['asn', 'geo-whois-asn-country'].map((name) =>
    digest(`node_modules/@ip-location-db/${name}/package.json`),
  )
  const code = digest('scripts/intel/build-networks.ts', 'core/intel/network-builder.ts', 'core/intel/network-table.ts')
  unlessStamped(stamp, [...versions, code].join(' '), () => {
    process.stderr.write('picket: making the table of countries and networks, once (a few seconds)\n')
    run('node', ['scripts/intel/build-networks.ts'], ['ignore', 'pipe', 'pipe'])
  })
}

// The runtime's types are for the type check and for editors; what only runs does not wait the 4 s for them.
const runsOnly = /^pre(start|serve|demo|replay|intel|evaluate|train|bench|deploy|rules)$/.test(
  process.env.npm_lifecycle_event ?? '',
)
if (!runsOnly) {
  const types = inRoot('worker-configuration.d.ts')
  const stamp = 'node_modules/.types-digest'
  if (!fs.existsSync(types)) fs.rmSync(inRoot(stamp), { force: true })
  // The binding of a Durable Object is typed by the class that the entry exports under its name.
  const entry = inRoot('worker/index.ts')
  const exported = fs.existsSync(entry) ? fs.readFileSync(entry, 'utf8').match(/^export .*/gm) : null
  unlessStamped(stamp, `${digest('wrangler.toml', 'package-lock.json')} ${exported}`, () => {
    run('wrangler', ['types'], ['ignore', 'pipe', 'pipe'])
  })
}
