import { expect, it } from 'vitest'
import { storeSettings } from '../../../../core/features/store/settings.ts'

it.each([
  ['nothing', '', '', null],
  ['a REST address', 'https://eu1-x.upstash.io', 'AbC==', { url: 'https://eu1-x.upstash.io', token: 'AbC==' }],
  ['an address on this machine', 'http://127.0.0.1:8079', 't', { url: 'http://127.0.0.1:8079', token: 't' }],
])('%s is a setting', (_, url, token, value) => {
  expect(storeSettings({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token })).toEqual({ ok: true, value })
})

it.each([
  ['https://x.upstash.io', '', /UPSTASH_REDIS_REST_TOKEN is not$/],
  ['', 'token', /UPSTASH_REDIS_REST_URL is not$/],
  ['redis://x:6379', 'token', /^UPSTASH_REDIS_REST_URL is no http/],
  ['x.upstash.io', 'token', /^UPSTASH_REDIS_REST_URL is no http/],
  ['https://x.upstash.io', 'two words', /^UPSTASH_REDIS_REST_TOKEN holds a space/],
])('%s with "%s" is refused and named', (url, token, why) => {
  const settings = storeSettings({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token })
  expect(settings).toEqual({ ok: false, error: expect.stringMatching(why) })
})
