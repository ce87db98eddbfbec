import path from 'node:path'
import type { Environment } from './repository.ts'
import { inRoot } from './repository.ts'

/**
 * The state folder of one local system. `PICKET_STATE_DIR` (relative to where the command was started) or `.picket`;
 * an empty folder is a fresh system. `npm start` and `npm run serve` read the same state.
 */
export interface StateFolder {
  folder: string
  /** Where wrangler and Miniflare keep D1 and Durable Objects; wrangler adds the `v3`. */
  persistTo: string
  resources: string
  credentialsFile: string
  settingsFile: string
  runningFile: string
  buildFolder: string
  /** What wrangler.toml says of the Worker, for processes that do without wrangler. */
  workerFile: string
}

export function stateFolder(environment: Environment): StateFolder {
  const given = environment.PICKET_STATE_DIR
  const folder = given ? path.resolve(environment.INIT_CWD ?? '.', given) : inRoot('.picket')
  const at = (name: string) => path.join(folder, name)
  return {
    folder,
    persistTo: at('state'),
    resources: at('state/v3'),
    credentialsFile: at('credentials.json'),
    settingsFile: at('settings.env'),
    runningFile: at('running.json'),
    buildFolder: at('build'),
    workerFile: at('worker.json'),
  }
}
