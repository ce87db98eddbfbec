// A process of its own, that ends before the app starts: wrangler, which it needs, takes 200 MB for as long as it is loaded.
// Argument: `build` when the Worker is to be built too.
import { writeFileSync } from 'node:fs'
import { buildWorker } from './build.ts'
import { checkSettings } from './check-settings.ts'
import { runCommand } from './command-line.ts'
import { credentialsOf } from './credentials.ts'
import { prepareDatabase } from './database.ts'
import { stateFolder } from './state.ts'
import { workerConfig } from './worker-config.ts'

await runCommand(async () => {
  // Before the database is touched: a bad setting is named at once.
  checkSettings(process.env)
  const state = stateFolder(process.env)
  await Promise.all([
    prepareDatabase(state, credentialsOf(state, process.env)),
    process.argv[2] === 'build' && buildWorker(state.buildFolder),
  ])
  writeFileSync(state.workerFile, JSON.stringify(workerConfig()))
  return 0
})
