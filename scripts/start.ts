import { existsSync, readFileSync } from 'node:fs'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { startCron } from './local/cron.ts'
import { inRoot } from './local/repository.ts'
import { type LocalRunner, runLocally } from './local/run.ts'
import { settingsFrom, writeSettings } from './local/settings.ts'
import type { WorkerConfig } from './local/worker-config.ts'

const HELP = `npm start: Picket on this machine under \`wrangler dev\`, rebuilt when its code changes.

  PORT                    port to listen on (8787)
  HOST                    address to listen on (127.0.0.1)
  PICKET_STATE_DIR        where all state is kept (.picket); an empty folder is a fresh system
  PICKET_ADMIN_PASSWORD   used instead of generated values
  PICKET_API_TOKEN
  PICKET_SENSOR_KEY
  PICKET_LOG_LEVEL        debug, info, log, warn or error (warn)

The Worker's own settings (PARTITIONS and the others in README.md) may be given the same way.
`

const withDevelopmentProxy: LocalRunner = {
  build: false,
  command(state, host, port) {
    writeSettings(state, settingsFrom(process.env))
    const args = ['dev', '--local', '--ip', host, '--port', String(port), '--persist-to', state.persistTo]
    // The last one: wrangler then does not tell us to fire cron by hand, which `started` does.
    args.push(
      '--show-interactive-dev-session',
      'false',
      '--log-level',
      process.env.PICKET_LOG_LEVEL || 'warn',
      '--test-scheduled',
    )
    // Named files replace the default one, which is therefore named too; the later wins.
    const files = [inRoot('.dev.vars'), state.settingsFile].filter((file) => existsSync(file))
    args.push(...files.flatMap((file) => ['--env-file', file]))
    return { command: 'wrangler', args }
  },
  started(origin, state) {
    const { crons } = JSON.parse(readFileSync(state.workerFile, 'utf8')) as WorkerConfig
    return startCron(crons, (cron, at) => {
      const query = new URLSearchParams({ cron, time: String(at.getTime()) })
      fetch(`${origin}/cdn-cgi/handler/scheduled?${query}`).catch((error: Error) =>
        process.stderr.write(`picket: cron ${cron} was not fired: ${error.message}\n`),
      )
    })
  },
}

if (!askedForHelp(process.argv.slice(2), HELP)) await runCommand(() => runLocally(withDevelopmentProxy, process.env))
