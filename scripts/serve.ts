import { askedForHelp, runCommand } from './local/command-line.ts'
import { inRoot } from './local/repository.ts'
import { type LocalRunner, runLocally } from './local/run.ts'

const HELP = `npm run serve: Picket on this machine, built as for deployment and run without the development proxy,
several times faster than npm start. Reads the same state.

  PORT                    port to listen on (8787)
  HOST                    address to listen on (127.0.0.1)
  PICKET_STATE_DIR        where all state is kept (.picket); an empty folder is a fresh system
  PICKET_ADMIN_PASSWORD   used instead of generated values
  PICKET_API_TOKEN
  PICKET_SENSOR_KEY
  PICKET_INSPECTOR_PORT   for DevTools, to profile or debug the Worker (none)

The Worker's own settings (PARTITIONS and the others in README.md) may be given the same way.
`

const built: LocalRunner = {
  build: true,
  command: (state, host, port) => ({
    command: 'node',
    args: [
      inRoot('scripts/local/serve-built.ts'),
      state.workerFile,
      state.buildFolder,
      state.resources,
      host,
      String(port),
    ],
  }),
}

if (!askedForHelp(process.argv.slice(2), HELP)) await runCommand(() => runLocally(built, process.env))
