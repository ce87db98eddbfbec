import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { runCommand } from './local/command-line.ts'
import { quietEnvironment, ROOT } from './local/repository.ts'
import { closingLine, countOutcome, isGood, type VitestReport } from './testing/closing-line.ts'
import { installSystemPackages } from './testing/system-packages.ts'

/** Runs every test (arguments go to vitest) and ends with one line: `N passed, N failed` (`, N skipped`). */
async function main(args: string[]): Promise<number> {
  installSystemPackages(process.env, (text) => process.stdout.write(`${text}\n`))
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-test-'))
  const reportFile = path.join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
    const exitCode = await runVitest(['run', ...reporters, ...args])
    const outcome = countOutcome(readReport(reportFile), exitCode)
    for (const note of outcome.notes) process.stdout.write(`${note}\n`)
    process.stdout.write(`${closingLine(outcome)}\n`)
    return isGood(outcome) ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function runVitest(args: string[]): Promise<number> {
  const vitest = spawn('vitest', args, {
    cwd: ROOT,
    env: quietEnvironment(process.env),
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => vitest.kill(signal))
  return new Promise((resolve, reject) => {
    vitest.once('error', reject)
    vitest.once('exit', (code) => resolve(code ?? 1))
  })
}

function readReport(file: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  } catch {
    // vitest ended before it wrote a report; its own words stand above.
    return null
  }
}

await runCommand(() => main(process.argv.slice(2)))
