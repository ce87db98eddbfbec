import path from 'node:path'
import { importsOf } from './imports.ts'

interface FolderRule {
  /** Top-level folders that its files may import from, itself included. */
  folders: string[]
  /** Packages by name, with their subpaths; `any` package or built-in module. */
  packages: string[] | 'any'
}

/** Who may import whom (architecture: "Layout"). Nobody imports `worker`. */
const RULES: Record<string, FolderRule> = {
  // The domain: no Cloudflare, no Node, no I/O. drizzle-orm describes the tables, in core/store only (below).
  core: { folders: ['core'], packages: ['zod', 'pbf', 'ipaddr.js', 'isbot'] },
  adapters: { folders: ['adapters', 'core', 'models'], packages: 'any' },
  'durable-objects': { folders: ['durable-objects', 'adapters', 'core', 'models'], packages: 'any' },
  // worker/index.ts hands on the Durable Objects' classes to the runtime.
  worker: { folders: ['worker', 'durable-objects', 'adapters', 'core', 'web', 'models'], packages: 'any' },
  web: { folders: ['web', 'core'], packages: ['hono'] },
  scripts: { folders: ['scripts', 'bench', 'adapters', 'core', 'models'], packages: 'any' },
  // test/support holds the stand-ins of the outside that a bench measures against.
  bench: { folders: ['bench', 'scripts', 'adapters', 'core', 'models', 'test'], packages: 'any' },
}

const EXTRA_PACKAGES: Record<string, string[]> = {
  'core/store/': ['drizzle-orm'],
  // Matches regular expressions in linear time; plain JavaScript without dependencies.
  'core/rules/': ['re2js'],
}

export interface Violation {
  file: string
  line: number
  why: string
}

/**
 * Checks one file. Folders without a rule (`test`) may import what they like.
 * @param file path from the root of the repository, with `/`
 */
export function violationsIn(file: string, source: string): Violation[] {
  const folder = file.slice(0, file.indexOf('/'))
  const rule = Object.hasOwn(RULES, folder) ? RULES[folder]! : null
  if (!rule) return []
  const extra = Object.entries(EXTRA_PACKAGES).flatMap(([prefix, names]) => (file.startsWith(prefix) ? names : []))
  return importsOf(source).flatMap(({ specifier, line }) => {
    const why = refusal(file, folder, rule, extra, specifier)
    return why === null ? [] : [{ file, line, why }]
  })
}

function refusal(file: string, folder: string, rule: FolderRule, extra: string[], specifier: string): string | null {
  if (specifier.startsWith('.')) {
    const target = path.posix.join(path.posix.dirname(file), specifier)
    const targetFolder = target.slice(0, target.indexOf('/'))
    if (rule.folders.includes(targetFolder)) return null
    return `${folder} must not import ${target}: it may import from ${rule.folders.join(', ')}`
  }
  if (specifier.startsWith('/')) return `${folder} must not import by absolute path: ${specifier}`
  if (rule.packages === 'any') return null
  const name = specifier.startsWith('@') ? specifier.split('/', 2).join('/') : specifier.split('/', 1)[0]!
  if (rule.packages.includes(name) || extra.includes(name)) return null
  return `${folder} must not import ${specifier}: its packages are ${rule.packages.join(', ')}`
}
