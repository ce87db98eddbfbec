import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { quietEnvironment, ROOT } from './repository.ts'

/** Builds the Worker into `folder` as it would be deployed. Throws with wrangler's own words when it does not build. */
export async function buildWorker(folder: string): Promise<void> {
  // wrangler leaves hashed files of earlier builds where they are.
  rmSync(folder, { recursive: true, force: true })
  const wrangler = spawn('wrangler', ['deploy', '--dry-run', '--outdir', folder], {
    cwd: ROOT,
    env: quietEnvironment(process.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  let output = ''
  for (const stream of [wrangler.stdout, wrangler.stderr]) stream.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number>((resolve, reject) => {
    wrangler.once('error', reject)
    wrangler.once('close', (code) => resolve(code ?? 1))
  })
  if (code !== 0) throw new Error(`the Worker does not build:\n${output}`)
}
