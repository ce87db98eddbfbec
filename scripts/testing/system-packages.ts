import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import type { Environment } from '../local/repository.ts'

/** Programs that some suites run, with the Debian package that holds each and what is skipped without it. */
const PROGRAMS = [
  { program: 'redis-server', debian: 'redis-server', without: 'suites against a real Redis' },
  { program: 'chromium', debian: 'chromium', without: 'suites in a real browser' },
]

/**
 * Installs what is missing where that is possible without a question: on Debian and its kin, as root. Elsewhere says
 * which suites are skipped and why. Never fails: the other suites can run. PICKET_NO_INSTALL set: installs nothing.
 */
export function installSystemPackages(environment: Environment, say: (text: string) => void): void {
  const missing = PROGRAMS.filter(({ program }) => !isOnPath(program, environment))
  if (missing.length === 0) return
  const why =
    whyNot(environment) ??
    install(
      missing.map(({ debian }) => debian),
      say,
    )
  if (why === null) return
  for (const { program, debian, without } of missing) {
    say(`skipped: ${without}, because ${program} is not installed and ${why} (Debian: apt-get install ${debian})`)
  }
}

function whyNot(environment: Environment): string | null {
  if (environment.PICKET_NO_INSTALL) return 'PICKET_NO_INSTALL is set'
  if (!isOnPath('apt-get', environment)) return 'there is no apt-get to install it with'
  if (process.getuid?.() !== 0) return 'only root may install it'
  return null
}

/** Null when all went well, else why not. */
function install(packages: string[], say: (text: string) => void): string | null {
  say(`installing ${packages.join(' and ')}, once`)
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      timeout: 900_000,
    })
  const wanted = ['install', '-y', '--no-install-recommends', ...packages]
  // The lists of a fresh machine are empty or old: fetched when the first try does not find the packages.
  if (apt(...wanted).status === 0) return null
  apt('update')
  const second = apt(...wanted)
  if (second.status === 0) return null
  const lastWords = `${second.stderr || second.stdout || second.error?.message || ''}`.trim().split('\n').at(-1)
  return `apt-get could not install it: ${lastWords}`
}

function isOnPath(program: string, environment: Environment): boolean {
  return (environment.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
