import path from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const at = (file: string) => path.join(import.meta.dirname, file)

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'core',
          environment: 'node',
          include: ['test/core/**/*.test.ts', 'test/adapters/**/*.test.ts', 'test/scripts/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The real server as its users start it, crash tests and the real browser: one file at a time.
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            remoteBindings: false,
            miniflare: {
              // Handed over as data: the pool's own way of loading the 14 MB module takes 10 s a file.
              dataBlobBindings: { ORT_WASM: at('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm') },
              bindings: { TEST_MIGRATIONS: await readD1Migrations(at('migrations')) },
            },
          })),
        ],
        resolve: {
          alias: [
            { find: /^onnxruntime-web\/ort-wasm-simd-threaded\.wasm$/, replacement: at('test/support/ort-wasm.ts') },
          ],
        },
        test: {
          name: 'workers',
          include: ['test/workers/**/*.test.ts', 'test/workers/**/*.test.tsx'],
          setupFiles: ['./test/support/apply-migrations.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
