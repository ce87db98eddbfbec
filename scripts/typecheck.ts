import { spawnSync } from 'node:child_process'
import { quietEnvironment, ROOT } from './local/repository.ts'

const done = spawnSync('tsc', ['-p', '.', ...process.argv.slice(2)], {
  cwd: ROOT,
  env: quietEnvironment(process.env),
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
if (done.error) process.stderr.write(`picket: cannot run tsc: ${done.error.message}\n`)
process.exit(done.status ?? 1)
