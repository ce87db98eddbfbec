// The process that `npm run serve` runs: the built Worker in Miniflare, without wrangler's development proxy.
// Arguments: the Worker's configuration (prepare.ts writes it), build folder, folder of the stored resources, host, port.
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { builtModules } from './built-modules.ts'
import { startCron } from './cron.ts'
import { settingsFrom } from './settings.ts'
import type { WorkerConfig } from './worker-config.ts'

const [configuration = '', built = '', resources = '', host = '', port = ''] = process.argv.slice(2)

const { name, entry, crons, options } = JSON.parse(readFileSync(configuration, 'utf8')) as WorkerConfig

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host,
    port: Number(port),
    cf: false,
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: resources,
    ...(process.env.PICKET_INSPECTOR_PORT && { inspectorPort: Number(process.env.PICKET_INSPECTOR_PORT) }),
    workers: [
      {
        ...options,
        // Part of the name of the Durable Objects' folder: `wrangler dev` reads the same state.
        name,
        bindings: { ...options.bindings, ...settingsFrom(process.env) },
        modulesRoot: built,
        modules: builtModules(built, entry),
      },
    ],
  }),
)
await miniflare.ready
giveBackMemory()
// workerd's own types of this method come from a package that is not installed.
const fetcher = (await miniflare.getWorker()) as unknown as {
  scheduled(options: { cron: string; scheduledTime: Date }): Promise<unknown>
}
startCron(crons, (cron, at) => {
  fetcher
    .scheduled({ cron, scheduledTime: at })
    .catch((error: Error) => process.stderr.write(`picket: cron ${cron} failed: ${error.message}\n`))
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => miniflare.dispose().finally(() => process.exit(0)))
}

/** Building the configuration for workerd leaves some 200 MB of garbage in a process that then only waits. */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
