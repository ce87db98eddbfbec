import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { inRoot, quietEnvironment, ROOT } from './local/repository.ts'
import { type Violation, violationsIn } from './rules/import-rule.ts'
import { machineTraces, privateRegistryHost } from './rules/portable-rule.ts'

const environment = quietEnvironment(process.env)
const onWindows = process.platform === 'win32'

/** biome's rules and format, then the two rules of our own; exit code 1 when any of them finds something. */
function main(): number {
  const biome = spawnSync('biome', ['check', '--error-on-warnings', '.'], {
    cwd: ROOT,
    env: environment,
    stdio: 'inherit',
    shell: onWindows,
  })
  if (biome.error) process.stderr.write(`picket: cannot run biome: ${biome.error.message}\n`)
  const violations = ownViolations()
  for (const { file, line, why } of violations) process.stdout.write(`${file}:${line}: ${why}\n`)
  if (violations.length > 0) process.stdout.write(`${violations.length} violations of the import or machine rule\n`)
  return biome.status === 0 && violations.length === 0 ? 0 : 1
}

function ownViolations(): Violation[] {
  const registry = privateRegistryHost(output('npm', ['config', 'get', 'registry']).trim())
  const places = [ROOT, ...(registry === null ? [] : [registry])]
  // Also what is not committed yet, but not what is ignored.
  const files = output('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
    .split('\0')
    .filter((file) => file !== '' && existsSync(inRoot(file)))
  return files.flatMap((file) => {
    const source = readFileSync(inRoot(file), 'utf8')
    if (source.includes('\0')) return []
    const imports = /\.(m?ts|tsx|m?js)$/.test(file) ? violationsIn(file, source) : []
    return [...imports, ...machineTraces(file, source, places)]
  })
}

function output(command: string, args: string[]): string {
  const done = spawnSync(command, args, { cwd: ROOT, env: environment, encoding: 'utf8', shell: onWindows })
  if (done.status === 0) return done.stdout
  throw new Error(`${command} ${args[0]} failed: ${done.error?.message ?? done.stderr}`)
}

process.exit(main())
