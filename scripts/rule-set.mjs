// Puts the rules of rules/NAME/rule.yml into a module, as the Worker has no files. Plain JavaScript: set-up runs it on any
// Node from 20 up.
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseDocument, visit } from 'yaml'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/** Larger than any rule by far; what is larger is refused unread. */
const LARGEST_FILE = 64 * 1024

/** One rule's YAML as plain values, or why it cannot be read. Aliases are refused: they can repeat themselves without end. */
export function readRuleText(/** @type {string} */ text) {
  if (text.length > LARGEST_FILE) return { content: null, unreadable: `is larger than ${LARGEST_FILE} bytes` }
  const document = parseDocument(text, { version: '1.2', uniqueKeys: true, prettyErrors: true })
  const [problem] = document.errors
  if (problem) return { content: null, unreadable: problem.message.split('\n')[0]?.replace(/:$/, '') }
  let hasAlias = false
  visit(document, {
    Alias: () => {
      hasAlias = true
      return visit.BREAK
    },
  })
  if (hasAlias) return { content: null, unreadable: 'holds a YAML alias (*name); write the values out' }
  return { content: document.toJS() }
}

/** All rules below a folder, by name. `within` is the folder's path as messages show it. */
export function readRuleFolders(/** @type {string} */ folder, /** @type {string} */ within) {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const file = path.join(folder, name, 'rule.yml')
      const place = { name, file: `${within}/${name}/rule.yml` }
      if (!fs.existsSync(file)) return { ...place, content: null, unreadable: 'does not exist' }
      return { ...place, ...readRuleText(fs.readFileSync(file, 'utf8')) }
    })
}

if (process.argv[1] && import.meta.url === pathToFileURL(fs.realpathSync(process.argv[1])).href) {
  const sources = readRuleFolders(path.join(root, 'rules'), 'rules')
  for (const { file, unreadable } of sources) {
    if (unreadable !== undefined) process.stderr.write(`picket: ${file} is not used: ${unreadable}\n`)
  }
  const target = path.join(root, 'core/rules/shipped.generated.ts')
  const module = `// Made from rules/ by scripts/rule-set.mjs at set-up; not edited by hand.
import type { RuleSource } from './compile.ts'

export const RULE_SOURCES: readonly RuleSource[] = [
${sources.map((source) => `  ${JSON.stringify(source)},`).join('\n')}
]
`
  // Written only when it changed, and whole: a build that reads it at the same time never sees half of it.
  if (!fs.existsSync(target) || fs.readFileSync(target, 'utf8') !== module) {
    fs.writeFileSync(`${target}.${process.pid}`, module)
    fs.renameSync(`${target}.${process.pid}`, target)
  }
}
