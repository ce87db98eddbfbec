import { expect, it } from 'vitest'
import { violationsIn } from '../../../scripts/rules/import-rule.ts'
import { importsOf } from '../../../scripts/rules/imports.ts'

const whys = (file: string, source: string) => violationsIn(file, source).map(({ why }) => why)

it('sees every form of import, with its line', () => {
  const source = [
    "import fs from 'node:fs'",
    "import type { A } from './a.ts'",
    'import {',
    '  type B,',
    '  c,',
    "} from '../b.ts'",
    "import d, { e } from 'd'",
    "import * as f from 'f'",
    "import './g.css'",
    "export { h } from './h.ts'",
    "export * from './i.ts'",
    "export * as j from './j.ts'",
    "export type { K } from './k.ts'",
    "const l = await import('./l.ts')",
    "const notOne = 'from \"x\"' // import('y') of a comment is taken for one",
  ].join('\n')
  expect(importsOf(source).map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
    '1 node:fs',
    '2 ./a.ts',
    '3 ../b.ts',
    '7 d',
    '8 f',
    '9 ./g.css',
    '10 ./h.ts',
    '11 ./i.ts',
    '12 ./j.ts',
    '13 ./k.ts',
    '14 ./l.ts',
    '15 y',
  ])
})

it.each([
  ['core/events/a.ts', "import { readFileSync } from 'node:fs'"],
  ['core/events/a.ts', "import { DurableObject } from 'cloudflare:workers'"],
  ['core/events/a.ts', "import type { Hono } from 'hono'"],
  ['core/events/a.ts', "import { sql } from 'drizzle-orm'"],
  ['core/events/a.ts', "import { reader } from '../../adapters/d1/reader.ts'"],
  ['core/events/a.ts', "import type { Env } from '../../worker/app-env.ts'"],
  ['core/events/a.ts', "const late = await import('../../adapters/onnx/session.ts')"],
  ['adapters/d1/a.ts', "export * from '../../durable-objects/names.ts'"],
  ['adapters/d1/a.ts', "import { layout } from '../../web/components/layout.tsx'"],
  ['durable-objects/a.ts', "import { problem } from '../worker/problem.ts'"],
  ['durable-objects/a.ts', "import { page } from '../web/pages/a.tsx'"],
  ['web/pages/a.tsx', "import { reader } from '../../adapters/d1/reader.ts'"],
  ['web/pages/a.tsx', "import { eq } from 'drizzle-orm'"],
  ['scripts/a.ts', "import worker from '../worker/index.ts'"],
  ['bench/a.ts', "import worker from '../worker/index.ts'"],
  ['core/a.ts', "import x from '/abs/core/b.ts'"],
])('finds the violation in %s: %s', (file, source) => {
  expect(whys(file, `// a comment first\n${source}\n`)).toHaveLength(1)
  expect(violationsIn(file, `// a comment first\n${source}\n`)[0]?.line).toBe(2)
})

it.each([
  ['core/events/a.ts', "import { z } from 'zod'\nimport { ok } from '../result.ts'"],
  ['core/store/schema.ts', "import { text } from 'drizzle-orm/sqlite-core'"],
  ['adapters/d1/a.ts', "import { eq } from 'drizzle-orm'\nimport { incidents } from '../../core/store/schema.ts'"],
  ['durable-objects/a.ts', "import model from '../models/ensemble.onnx'\nimport { x } from '../adapters/onnx/x.ts'"],
  ['worker/index.ts', "export { Sensor } from '../durable-objects/sensor.ts'\nimport { p } from '../web/pages/p.tsx'"],
  ['web/pages/a.tsx', "import type { FC } from 'hono/jsx'\nimport { CLASSES } from '../../core/taxonomy.ts'"],
  ['test/workers/a.test.ts', "import { app } from '../../worker/app.ts'"],
  ['vitest.config.ts', "import path from 'node:path'"],
])('allows %s: %s', (file, source) => {
  expect(whys(file, source)).toEqual([])
})

it('says what may be imported instead', () => {
  expect(whys('core/a.ts', "import { b } from '../adapters/b.ts'")).toEqual([
    'core must not import adapters/b.ts: it may import from core',
  ])
})
