import path from 'node:path'
import { ADMIN_NAME, CREDENTIAL_VARIABLES, type Credentials } from './credentials.ts'
import type { Environment } from './repository.ts'
import type { StateFolder } from './state.ts'

/** What a user needs to begin, each once. A secret that the environment sets is named, not shown. */
export function welcome(port: number, state: StateFolder, credentials: Credentials, environment: Environment): string {
  const shown = (name: 'adminPassword' | 'sensorKey') =>
    environment[CREDENTIAL_VARIABLES[name]] ? `as set in ${CREDENTIAL_VARIABLES[name]}` : credentials[name]
  const folder = path.relative(process.cwd(), state.folder) || '.'
  return `
  Picket        http://localhost:${port}
  Log in as     ${ADMIN_NAME}, password ${shown('adminPassword')}
  Sensor key    ${shown('sensorKey')}
  State         ${folder.startsWith('..') ? state.folder : folder} (credentials.json there holds these and an API token)

  npm run demo posts a day of mixed traffic; npm run replay -- FILE posts a log file. Ctrl-C stops.
`
}
