import { readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Bench } from '../../../bench/harness/bench.ts'
import { inRoot } from '../../../scripts/local/repository.ts'

const files = readdirSync(inRoot('bench')).filter((file) => file.endsWith('.ts'))

it.each(files)('bench/%s is a bench of that name that explains itself', async (file) => {
  const { bench } = (await import(`../../../bench/${file}`)) as { bench: Bench }
  expect(`${bench.name}.ts`).toBe(file)
  expect(bench.title.length).toBeGreaterThan(10)
  expect(bench.explains.length).toBeGreaterThan(10)
})
