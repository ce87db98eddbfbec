import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { credentialsOf, readRemembered } from '../../../scripts/local/credentials.ts'
import { stateFolder } from '../../../scripts/local/state.ts'
import { welcome } from '../../../scripts/local/welcome.ts'

const root = mkdtempSync(path.join(os.tmpdir(), 'picket-state-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const fresh = (name: string) => stateFolder({ PICKET_STATE_DIR: path.join(root, name, 'deeper') })

it('makes credentials once and remembers them for the owner only', () => {
  const state = fresh('made')
  const first = credentialsOf(state, {})
  expect(credentialsOf(state, {})).toEqual(first)
  expect(statSync(state.credentialsFile).mode & 0o777).toBe(0o600)
  const secrets = [first.adminPassword, first.apiToken, first.sensorKey, ...Object.values(first.demoSensorKeys)]
  expect(new Set(secrets).size).toBe(6)
})

it('gives another system other credentials', () => {
  expect(credentialsOf(fresh('one'), {}).sensorKey).not.toBe(credentialsOf(fresh('two'), {}).sensorKey)
})

it('takes what the environment sets, and does not write it down', () => {
  const state = fresh('set')
  const credentials = credentialsOf(state, { PICKET_ADMIN_PASSWORD: 'hunter2-hunter2', PICKET_SENSOR_KEY: 'given-key' })
  expect(credentials).toMatchObject({ adminPassword: 'hunter2-hunter2', sensorKey: 'given-key' })
  expect(readFileSync(state.credentialsFile, 'utf8')).not.toMatch(/hunter2|given-key/)
  expect(readRemembered(state).sensorKey).toBeUndefined()
})

it('says which file to delete when the remembered credentials are broken', () => {
  const state = fresh('broken')
  credentialsOf(state, {})
  writeFileSync(state.credentialsFile, '{"adminPassword":')
  expect(() => credentialsOf(state, {})).toThrow(`${state.credentialsFile} is not JSON`)
})

it('prints address, log-in and sensor key once each', () => {
  const state = fresh('printed')
  const credentials = credentialsOf(state, {})
  const text = welcome(8790, state, credentials, {})
  for (const once of ['http://localhost:8790', credentials.adminPassword, credentials.sensorKey]) {
    expect(text.split(once)).toHaveLength(2)
  }
  expect(text).not.toContain(credentials.apiToken)
})

it('does not show a secret that the environment sets', () => {
  const state = fresh('hidden')
  const environment = { PICKET_ADMIN_PASSWORD: 'not-for-the-screen' }
  const text = welcome(8787, state, credentialsOf(state, environment), environment)
  expect(text).not.toContain('not-for-the-screen')
  expect(text).toContain('as set in PICKET_ADMIN_PASSWORD')
})
