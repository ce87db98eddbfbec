import { readdirSync } from 'node:fs'
import path from 'node:path'

const typeOf = (file: string) =>
  file.endsWith('.wasm') ? 'CompiledWasm' : /\.(sql|txt|html)$/.test(file) ? 'Text' : 'Data'

/** The modules of a build (build.ts) as Miniflare takes them, the entry first. */
export function builtModules(folder: string, entry: string) {
  const others = readdirSync(folder).filter((file) => !/\.(js|map)$|^README\.md$/.test(file))
  return [
    { type: 'ESModule', path: path.join(folder, entry) } as const,
    ...others.map((file) => ({ type: typeOf(file), path: path.join(folder, file) }) as const),
  ]
}
