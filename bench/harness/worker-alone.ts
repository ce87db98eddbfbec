import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { inRoot, quietEnvironment, ROOT } from '../../scripts/local/repository.ts'
import { workerConfig } from '../../scripts/local/worker-config.ts'
import { HttpClient } from './http-client.ts'

interface Beside {
  /** Serves the app's static files to it, as ASSETS. */
  assets?: boolean
  /** Its Durable Objects: classes by binding. */
  objects?: Record<string, string>
}

/** Builds a Worker of bench/workers as the app's is built, and runs it in workerd while `work` lasts. */
export async function withWorker<Value>(
  name: string,
  work: (client: HttpClient) => Promise<Value>,
  beside: Beside = {},
): Promise<Value> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-bench-'))
  try {
    const config = path.join(folder, 'wrangler.json')
    const built = path.join(folder, 'built')
    writeFileSync(
      config,
      JSON.stringify({
        name: `bench-${name}`,
        main: inRoot(`bench/workers/${name}.ts`),
        compatibility_date: '2026-10-20',
        compatibility_flags: ['nodejs_compat'],
        rules: [{ type: 'Data', globs: ['**/*.onnx'], fallthrough: true }],
      }),
    )
    const build = spawnSync('wrangler', ['deploy', '--dry-run', '--config', config, '--outdir', built], {
      cwd: ROOT,
      env: quietEnvironment(process.env),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    if (build.status !== 0) throw new Error(`the Worker ${name} does not build:\n${build.stdout}${build.stderr}`)
    return await running(built, `${name}.js`, work, beside)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function running<Value>(
  built: string,
  entry: string,
  work: (client: HttpClient) => Promise<Value>,
  { assets, objects = {} }: Beside,
): Promise<Value> {
  const others = readdirSync(built).filter((file) => !/\.(js|map)$|^README\.md$/.test(file))
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      workers: [
        {
          name: 'bench',
          compatibilityDate: '2026-10-20',
          compatibilityFlags: ['nodejs_compat'],
          durableObjects: Object.fromEntries(
            Object.entries(objects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
          ),
          ...(assets && { assets: workerConfig().options.assets }),
          modulesRoot: built,
          modules: [
            { type: 'ESModule', path: path.join(built, entry) },
            ...others.map(
              (file) =>
                ({ type: file.endsWith('.wasm') ? 'CompiledWasm' : 'Data', path: path.join(built, file) }) as const,
            ),
          ],
        },
      ],
    }),
  )
  const client = new HttpClient(Number((await miniflare.ready).port), 1)
  try {
    return await work(client)
  } finally {
    client.close()
    await miniflare.dispose()
  }
}
