import { spawn } from 'node:child_process'
import { type Environment, quietEnvironment, ROOT } from '../local/repository.ts'

/** What a wrangler command said and how it ended. */
export interface WranglerOutcome {
  code: number
  stdout: string
  stderr: string
}

/** Runs wrangler with these arguments; asks nothing of whoever runs it. */
export type Wrangler = (...args: string[]) => Promise<WranglerOutcome>

export function wranglerIn(environment: Environment): Wrangler {
  return async (...args) => {
    const child = spawn('wrangler', args, {
      cwd: ROOT,
      // CI: wrangler takes the default where it would ask, or fails.
      env: { ...quietEnvironment(environment), CI: 'true' },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    const said = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk) => {
        said[name] += chunk
      })
    }
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
    return { code, ...said }
  }
}
