import process from 'node:process'
import { parseArgs } from 'node:util'
import { deploy } from './deploy/deploy.ts'
import { wranglerIn } from './deploy/wrangler.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'

const HELP = `npm run deploy: Picket on Cloudflare, in the account that wrangler is logged in to (wrangler login, or
CLOUDFLARE_API_TOKEN). Needs a D1 database: wrangler d1 create picket, and its id in wrangler.toml.

  --dry-run    builds the Worker and says what would be done; asks nothing of Cloudflare

Remote migrations are applied, the Worker is deployed, and when the database has no user a first administrator, an API
token and a sensor are made; their secrets are printed this once. Run it again at any time.
`

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) {
  await runCommand(async () => {
    const { values } = parseArgs({ args, options: { 'dry-run': { type: 'boolean', default: false } } })
    await deploy(wranglerIn(process.env), {
      dryRun: values['dry-run'],
      say: (text) => process.stdout.write(`${text}\n`),
    })
    return 0
  })
}
