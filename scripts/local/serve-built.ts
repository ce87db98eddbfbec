// The process that `npm run serve` runs: the built Worker in Miniflare, without wrangler's development proxy.
// Arguments: build folder, folder of the stored resources, host, port.
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { builtModules } from './built-modules.ts'
import { startCron } from './cron.ts'
import { settingsFrom } from './settings.ts'
import { workerConfig } from './worker-config.ts'

const [built = '', resources = '', host = '', port = ''] = process.argv.slice(2)

const { name, entry, crons, options } = workerConfig()

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    host,
    port: Number(port),
    cf: false,
    log: new Log(LogLevel.WARN),
    resourcePersistencePath: resources,
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
