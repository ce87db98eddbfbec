import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { inRoot } from '../../../scripts/local/repository.ts'
import { closingLine, countOutcome, isGood } from '../../../scripts/testing/closing-line.ts'

const root = mkdtempSync(path.join(os.tmpdir(), 'picket-closing-line-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs scripts/test.ts on a folder of its own with these test files. */
function npmTest(files: Record<string, string>) {
  const folder = mkdtempSync(path.join(root, 'suite-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  // vitest marks its workers' environment; what it runs must not take itself for one of them.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^VITEST|^TEST$|^DEV$/.test(name)),
  )
  const done = spawnSync(process.execPath, [inRoot('scripts/test.ts'), '--root', folder, '--globals'], {
    encoding: 'utf8',
    env: { ...environment, PICKET_NO_INSTALL: '1', NODE_ENV: undefined } as unknown as NodeJS.ProcessEnv,
  })
  return { code: done.status, lastLine: done.stdout.trimEnd().split('\n').at(-1), output: done.stdout }
}

it('ends with what passed and what was skipped, exit code 0', () => {
  const run = npmTest({ 'a.test.ts': "it('one', () => {}); it('two', () => {}); it.skip('three', () => {})" })
  expect(run).toMatchObject({ code: 0, lastLine: '2 passed, 0 failed, 1 skipped' })
})

it('ends with exit code 1 when a test fails', () => {
  const run = npmTest({ 'a.test.ts': "it('one', () => {}); it('two', () => { expect(1).toBe(2) })" })
  expect(run).toMatchObject({ code: 1, lastLine: '1 passed, 1 failed' })
})

it('counts a file that does not load as a failure and names it', () => {
  const run = npmTest({ 'a.test.ts': "it('one', () => {})", 'b.test.ts': "throw new Error('broken file')" })
  expect(run).toMatchObject({ code: 1, lastLine: '1 passed, 1 failed' })
  expect(run.output).toMatch(/b\.test\.ts failed outside of its tests: broken file/)
})

it('ends with exit code 1 when no test ran', () => {
  expect(npmTest({ 'a.txt': '' })).toMatchObject({ code: 1, lastLine: '0 passed, 0 failed' })
})

it('counts an error that no test caught as a failure', () => {
  const outcome = countOutcome(
    { testResults: [{ name: 'a', status: 'passed', assertionResults: [{ status: 'passed' }] }] },
    1,
  )
  expect(closingLine(outcome)).toBe('1 passed, 1 failed')
})

it('is not good when everything was skipped', () => {
  const skipped = countOutcome(
    { testResults: [{ name: 'a', status: 'passed', assertionResults: [{ status: 'skipped' }] }] },
    0,
  )
  expect(isGood(skipped)).toBe(false)
})

it('is not good when vitest left no report', () => {
  expect(isGood(countOutcome(null, 0))).toBe(false)
})
