import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import { SETTINGS } from '../../../core/settings.ts'
import { checkSettings } from '../../../scripts/local/check-settings.ts'
import { settingsFrom, writeSettings } from '../../../scripts/local/settings.ts'
import { stateFolder } from '../../../scripts/local/state.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('hands on the settings of the contract and nothing else of the environment', () => {
  const environment = {
    PARTITIONS: '8',
    XAI_BASE_URL: 'http://localhost:1',
    HOME: '/home/me',
    AWS_SECRET: 'x',
    OTX_API_KEY: '',
  }
  expect(settingsFrom(environment)).toEqual({ PARTITIONS: '8', XAI_BASE_URL: 'http://localhost:1' })
})

it('hands on every setting of the table, by its name', () => {
  const environment = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, 'x']))
  expect(settingsFrom(environment)).toEqual(environment)
})

it('names every setting that cannot be used', () => {
  expect(() => checkSettings({ OTX_BASE_URL: 'not-a-url', ABUSEIPDB_DAILY_BUDGET: 'many' })).toThrow(
    /ABUSEIPDB_DAILY_BUDGET is not a whole number.*OTX_BASE_URL is not a URL/,
  )
  expect(() => checkSettings({ UPSTASH_REDIS_REST_URL: 'https://x.upstash.io' })).toThrow(
    'UPSTASH_REDIS_REST_URL is set and UPSTASH_REDIS_REST_TOKEN is not',
  )
  expect(() => checkSettings({ OTX_API_KEY: 'k', OTX_BASE_URL: 'https://otx.example' })).not.toThrow()
})

it('writes values so that they are read back as they were, by the owner only', () => {
  const state = stateFolder({ PICKET_STATE_DIR: folder })
  const settings = { GEMINI_API_KEY: 'a#b "c" $d\\n', SESSION_SECRET: "it's", WEBHOOK_URLS: 'https://a,https://b?x=1' }
  writeSettings(state, settings)
  expect(parseEnv(readFileSync(state.settingsFile, 'utf8'))).toEqual(settings)
  expect(statSync(state.settingsFile).mode & 0o777).toBe(0o600)
})
