// Puts htmx where the static assets are served from. Plain JavaScript: set-up runs it on any Node from 20 up.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const from = path.join(root, 'node_modules/htmx.org/dist/htmx.min.js')
const to = path.join(root, 'web/static/vendor/htmx.min.js')

fs.mkdirSync(path.dirname(to), { recursive: true })
fs.copyFileSync(from, to)
