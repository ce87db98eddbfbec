import { expect, it } from 'vitest'
import { storeSettings } from '../../../../core/features/store/settings.ts'

it.each([
  ['nothing', '', '', null],
  ['a REST address', 'https://eu1-x.upstash.io', 'AbC==', { url: 'https://eu1-x.upstash.io', token: 'AbC==' }],
  ['an address on this machine', 'http://127.0.0.1:8079', 't', { url: 'http://127.0.0.1:8079', token: 't' }],
])('%s is a setting', (_, url, token, value) => {
  expect(storeSettings({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token })).toEqual({
    ok: true,
    value: { upstash: value, writesASecond: 64 },
  })
})

it.each([
  ['', 64],
  ['0', 0],
  ['1000', 1000],
])('%s vectors a second are %d', (text, writesASecond) => {
  expect(storeSettings({ FEATURE_STORE_WRITES: text })).toMatchObject({ ok: true, value: { writesASecond } })
})

it.each(['1001', '-1', 'many', '1.5'])('%s vectors a second are refused', (text) => {
  expect(storeSettings({ FEATURE_STORE_WRITES: text })).toEqual({
    ok: false,
    error: 'FEATURE_STORE_WRITES is not a whole number from 0 to 1000',
  })
})

it.each([
  ['https://x.upstash.io', '', /UPSTASH_REDIS_REST_TOKEN is not$/],
  ['', 'token', /UPSTASH_REDIS_REST_URL is not$/],
  ['redis://x:6379', 'token', /^UPSTASH_REDIS_REST_URL is not an http or https URL/],
  ['x.upstash.io', 'token', /^UPSTASH_REDIS_REST_URL is not a URL/],
  ['http://x.upstash.io', 'token', /^UPSTASH_REDIS_REST_URL would send its key unencrypted/],
  ['https://x.upstash.io', 'two words', /^UPSTASH_REDIS_REST_TOKEN is not 1 to 512 printable/],
])('%s with "%s" is refused and named', (url, token, why) => {
  const settings = storeSettings({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token })
  expect(settings).toEqual({ ok: false, error: expect.stringMatching(why) })
})
