import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MOST_CALLS, MOST_OUTPUT_TOKENS } from '../../../adapters/verifiers/model-verifier.ts'
import { remoteVerifiers } from '../../../adapters/verifiers/verifiers.ts'
import type { AiBinding } from '../../../adapters/verifiers/workers-ai.ts'
import type { EvidencePack } from '../../../core/council/evidence-pack.ts'
import { ground, isGrounded } from '../../../core/council/grounding.ts'
import { OPINION_SCHEMA } from '../../../core/council/opinion-schema.ts'
import type { VerifierName, VerifierQuestion } from '../../../core/council/verifier.ts'
import { setupsOf } from '../../../core/council/verifiers.ts'
import { readSettings } from '../../../core/settings.ts'
import { chatAnswer, geminiAnswer, logIns, opinionJson } from '../../support/council-fixture.ts'
import { json, type ProviderServer, providerServer } from '../../support/provider-server.ts'

let server: ProviderServer
beforeAll(async () => {
  server = await providerServer()
})
afterAll(() => server.stop())
beforeEach(() => {
  server.received.length = 0
})

const KEY = 'a-key-that-nobody-may-see'
const NOW = Date.UTC(2026, 10, 24)
let slept: number[] = []

function verifier(name: VerifierName, over: Record<string, string> = {}, ai: AiBinding | null = null) {
  slept = []
  const { values, faults } = readSettings({
    GEMINI_API_KEY: KEY,
    XAI_API_KEY: KEY,
    OPENAI_API_KEY: KEY,
    GEMINI_BASE_URL: server.origin,
    XAI_BASE_URL: server.origin,
    OPENAI_BASE_URL: server.origin,
    COUNCIL_TIMEOUT_MS: '300',
    ...over,
  })
  expect(faults).toEqual([])
  return remoteVerifiers(values, setupsOf(values, { ai: ai !== null, rules: false }), {
    fetch,
    random: () => 0.5,
    sleep: async (ms) => {
      slept.push(ms)
    },
    ai,
  }).get(name)!
}

const question = {
  role: 'judge',
  pack: {} as EvidencePack,
  evidence: [],
  before: [],
  isLast: false,
  prompt: { system: 'You are the judge.', user: 'E1 something', tokens: 7 },
} satisfies VerifierQuestion

const PROVIDERS = [
  ['gemini', geminiAnswer, (1_000 * 0.3 + 150 * 2.5) / 1e6],
  ['grok', chatAnswer, (2_000 * 3 + 200 * 15) / 1e6],
  ['openai', chatAnswer, (2_000 * 0.4 + 200 * 1.6) / 1e6],
] as const

describe.each(PROVIDERS)('%s', (name, documented, usd) => {
  const ask = (over?: Record<string, string>) => verifier(name, over).ask(question, NOW)
  const answerWith = (text: string) => server.answerWith(json(200, documented(text)))

  it('gives the opinion of its documented answer, with the tokens that it counts and what they cost', async () => {
    answerWith(opinionJson({ threat_class: 4 }))
    expect(await ask()).toMatchObject({
      ok: true,
      value: {
        opinion: { verdict: 'THREAT', threatClass: 4, confidence: 0.8, citations: [{ evidence: 1 }] },
        usage: { costUsd: expect.closeTo(usd, 12) },
        calls: 1,
        prompt: 'You are the judge.\n\nE1 something',
      },
    })
    expect(server.received).toHaveLength(1)
    expect(JSON.stringify(server.received.map(({ target }) => target))).not.toContain(KEY)
  })

  it.each([
    ['an empty text', '', 'unreadable-answer'],
    ['a text that was cut', opinionJson().slice(0, 80), 'unreadable-answer'],
    ['prose', 'I cannot confirm that this is a threat.', 'unreadable-answer'],
    ['another schema', '{"verdict":"CONFIRMED"}', 'wrong-form'],
    ['a confidence over 1', opinionJson({ confidence: 80 }), 'wrong-form'],
    ['a class that is none', opinionJson({ threat_class: 9 }), 'wrong-form'],
    ['no reasoning', opinionJson({ reasoning: ' ' }), 'wrong-form'],
    ['an array', '[]', 'wrong-form'],
  ])('fails on %s, and the tokens are paid', async (_, text, tag) => {
    answerWith(text)
    const asked = await ask()
    expect(asked).toMatchObject({ ok: false, error: { tag, calls: 1, usage: { costUsd: expect.closeTo(usd, 12) } } })
  })

  it.each([
    ['a body that is empty', (response: ServerResponse) => response.writeHead(200).end(''), 'unreadable-answer'],
    [
      'a body that is no JSON',
      (response: ServerResponse) => response.writeHead(200).end('<html>'),
      'unreadable-answer',
    ],
    [
      'a body that was cut',
      (response: ServerResponse) => response.writeHead(200).end('{"choices":['),
      'unreadable-answer',
    ],
    ['a body of another form', json(200, { candidates: 7, choices: 7 }), 'wrong-form'],
    ['10 MB', (response: ServerResponse) => response.writeHead(200).end(`"${'x'.repeat(1e7)}"`), 'unreadable-answer'],
    ['401', json(401, { error: { message: `bad key ${KEY}` } }), 'key-refused'],
    [
      'a redirect',
      (r: ServerResponse) => r.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
      'unexpected-status',
    ],
  ])('fails on %s, without a second call and without telling the key', async (_, answer, tag) => {
    server.answerWith(answer)
    const asked = await ask()
    expect(asked).toMatchObject({ ok: false, error: { tag, calls: 1 } })
    expect(server.received).toHaveLength(1)
    expect(JSON.stringify(asked)).not.toContain(KEY)
  })

  it.each([301, 302, 307, 308])('does not follow a redirect (%i): it would carry the key away', async (status) => {
    server.answerWith((response, { url }) => {
      if (url === '/elsewhere') json(200, documented(opinionJson()))(response)
      else response.writeHead(status, { Location: `${server.origin}/elsewhere` }).end()
    })
    expect(await ask()).toMatchObject({ ok: false, error: { tag: 'unexpected-status', why: `status ${status}` } })
    expect(server.received).toHaveLength(1)
  })

  it('gives citations that were invented as they came; held against the events they are struck', async () => {
    const invented = [
      { evidence: 99, says: 'an event that nobody logged', facts: [] },
      { evidence: 1, says: 'a port that nobody used', facts: [{ field: 'dst_port', value: '4444' }] },
    ]
    answerWith(opinionJson({ citations: invented }))
    const asked = await ask()
    if (!asked.ok) throw new Error(asked.error.why)
    const grounded = ground(asked.value.opinion, logIns(6), question.pack)
    expect(grounded.citations.map(({ struck }) => struck)).toEqual(['there is no E99', 'dst_port of E1 is another'])
    expect(isGrounded(grounded)).toBe(false)
  })

  it('fails on 10 MB that come in pieces, and does not read them all', async () => {
    let sent = 0
    server.answerWith((response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      const chunk = 'x'.repeat(64 * 1024)
      const more = () => {
        while (sent < 160 * chunk.length && !response.destroyed) {
          sent += chunk.length
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    expect(await ask({ COUNCIL_TIMEOUT_MS: '5000' })).toMatchObject({
      ok: false,
      error: { tag: 'unreadable-answer', why: 'the answer is longer than 1 MB', calls: 1 },
    })
    expect(sent).toBeLessThan(160 * 64 * 1024)
  })

  it('that sends its head at once and the rest too late has timed out', async () => {
    server.answerWith((response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{')
    })
    const startedAt = performance.now()
    expect(await ask({ COUNCIL_TIMEOUT_MS: '100' })).toMatchObject({
      ok: false,
      error: { tag: 'timed-out', calls: MOST_CALLS },
    })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('whose connection breaks in the middle of the answer was not reached, and is tried twice more', async () => {
    server.answerWith((response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' }).write('{"candidates":')
      setTimeout(() => response.destroy(), 20)
    })
    const asked = await ask()
    expect(asked).toMatchObject({ ok: false, error: { tag: 'not-reached', calls: MOST_CALLS } })
    expect(JSON.stringify(asked)).not.toContain(KEY)
  })

  it('tries twice more on 500 and on 429, with growing waits, then fails', async () => {
    server.answerWith(json(500, {}))
    expect(await ask()).toMatchObject({ ok: false, error: { tag: 'server-error', calls: MOST_CALLS } })
    expect(slept).toEqual([500, 1_000])
    server.answerWith(json(429, {}, { 'Retry-After': '2' }))
    expect(await ask()).toMatchObject({ ok: false, error: { tag: 'too-many-requests', calls: MOST_CALLS } })
    expect(slept).toEqual([2_000, 2_000])
  })

  it('does not wait for a service that wants a minute', async () => {
    server.answerWith(json(429, {}, { 'Retry-After': '60' }))
    expect(await ask()).toMatchObject({ ok: false, error: { retryAfterMs: 60_000, calls: 1 } })
  })

  it('succeeds when the third call does', async () => {
    let calls = 0
    server.answerWith((response) => {
      calls++
      if (calls < 3) response.writeHead(503).end()
      else json(200, documented(opinionJson()))(response)
    })
    expect(await ask()).toMatchObject({ ok: true, value: { calls: 3 } })
  })

  it('that is late is counted as paid whole, and so is each retry', async () => {
    server.answerWith(() => {})
    const asked = await ask({ COUNCIL_TIMEOUT_MS: '100' })
    expect(asked).toMatchObject({
      ok: false,
      error: {
        tag: 'timed-out',
        calls: MOST_CALLS,
        usage: { inputTokens: MOST_CALLS * 7, outputTokens: MOST_CALLS * MOST_OUTPUT_TOKENS },
      },
    })
  })

  it('that cannot be reached fails as such', async () => {
    const setting = { gemini: 'GEMINI_BASE_URL', grok: 'XAI_BASE_URL', openai: 'OPENAI_BASE_URL' }[name]
    expect(await ask({ [setting]: 'http://127.0.0.1:1' })).toMatchObject({ ok: false, error: { tag: 'not-reached' } })
  })
})

describe('what is sent', () => {
  it('is the documented form, with schema, temperature 0 and the key in a header', async () => {
    const sent: { url: string; headers: Record<string, string>; body: Record<string, unknown> }[] = []
    const spy = (async (url: string, request: RequestInit) => {
      sent.push({ url, headers: request.headers as Record<string, string>, body: JSON.parse(String(request.body)) })
      return Response.json(url.includes('generateContent') ? geminiAnswer(opinionJson()) : chatAnswer(opinionJson()))
    }) as unknown as typeof fetch
    const { values } = readSettings({ GEMINI_API_KEY: KEY, XAI_API_KEY: KEY, OPENAI_API_KEY: KEY })
    const world = { fetch: spy, random: () => 0, sleep: async () => {}, ai: null }
    for (const one of remoteVerifiers(values, setupsOf(values, { ai: false, rules: false }), world).values())
      await one.ask(question, NOW)
    const [gemini, grok, openai] = sent
    expect(gemini).toMatchObject({
      url: 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent',
      headers: { 'x-goog-api-key': KEY },
      body: {
        systemInstruction: { parts: [{ text: 'You are the judge.' }] },
        contents: [{ role: 'user', parts: [{ text: 'E1 something' }] }],
        generationConfig: {
          temperature: 0,
          responseMimeType: 'application/json',
          responseJsonSchema: JSON.parse(JSON.stringify(OPINION_SCHEMA)),
        },
      },
    })
    for (const [one, url, model] of [
      [grok, 'https://api.x.ai/v1/chat/completions', 'grok-4'],
      [openai, 'https://api.openai.com/v1/chat/completions', 'gpt-4.1-mini'],
    ] as const)
      expect(one).toMatchObject({
        url,
        headers: { Authorization: `Bearer ${KEY}` },
        body: {
          model,
          temperature: 0,
          messages: [{ role: 'system' }, { role: 'user', content: 'E1 something' }],
          response_format: { type: 'json_schema', json_schema: { strict: true } },
        },
      })
    const gateway = readSettings({
      GEMINI_API_KEY: KEY,
      OPENAI_API_KEY: KEY,
      AI_GATEWAY_URL: 'https://gateway.ai.cloudflare.com/v1/account/gate',
    }).values
    sent.length = 0
    for (const one of remoteVerifiers(gateway, setupsOf(gateway, { ai: false, rules: false }), world).values())
      await one.ask(question, NOW)
    expect(sent.map(({ url }) => url)).toEqual([
      'https://gateway.ai.cloudflare.com/v1/account/gate/google-ai-studio/v1beta/models/gemini-2.5-flash:generateContent',
      'https://gateway.ai.cloudflare.com/v1/account/gate/openai/chat/completions',
    ])
  })
})

describe('refusals', () => {
  it.each([
    ['gemini blocks the prompt', 'gemini', { promptFeedback: { blockReason: 'SAFETY' } }, 'refused-to-answer'],
    [
      'gemini stops for safety',
      'gemini',
      geminiAnswer('', { candidates: [{ finishReason: 'SAFETY' }] }),
      'refused-to-answer',
    ],
    [
      'gemini runs out of tokens',
      'gemini',
      geminiAnswer('', { candidates: [{ content: { parts: [{ text: '{"verd' }] }, finishReason: 'MAX_TOKENS' }] }),
      'unreadable-answer',
    ],
    [
      'openai refuses',
      'openai',
      chatAnswer('', { choices: [{ index: 0, message: { content: null, refusal: 'No.' }, finish_reason: 'stop' }] }),
      'refused-to-answer',
    ],
    [
      'grok runs out of tokens',
      'grok',
      chatAnswer('', { choices: [{ index: 0, message: { content: '{"verd' }, finish_reason: 'length' }] }),
      'unreadable-answer',
    ],
  ] as const)('%s', async (_, name, body, tag) => {
    server.answerWith(json(200, body))
    expect(await verifier(name).ask(question, NOW)).toMatchObject({ ok: false, error: { tag, calls: 1 } })
  })

  it('thoughts of gemini are no part of its answer, and are paid', async () => {
    const parts = [{ text: 'Let me think {', thought: true }, { text: opinionJson() }]
    server.answerWith(json(200, geminiAnswer('', { candidates: [{ content: { parts }, finishReason: 'STOP' }] })))
    expect(await verifier('gemini').ask(question, NOW)).toMatchObject({
      ok: true,
      value: { usage: { outputTokens: 150 } },
    })
  })

  it('tokens that xAI counts as thought into the total only are paid as output', async () => {
    const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 400 }
    server.answerWith(json(200, chatAnswer(opinionJson(), { usage })))
    expect(await verifier('grok').ask(question, NOW)).toMatchObject({
      ok: true,
      value: { usage: { outputTokens: 300 } },
    })
  })
})

describe('Workers AI', () => {
  const MODEL = { WORKERS_AI_MODEL: '@cf/meta/llama', COUNCIL_PRICES: '@cf/meta/llama 1 2' }
  const usage = { prompt_tokens: 10, completion_tokens: 5 }

  it.each([
    ['an object', JSON.parse(opinionJson())],
    ['its text', opinionJson()],
  ])('gives %s', async (_, response) => {
    const run = async (model: string, input: Record<string, unknown>) => {
      expect(model).toBe('@cf/meta/llama')
      expect(input).toMatchObject({ temperature: 0, response_format: { type: 'json_schema' } })
      return { response, usage }
    }
    expect(await verifier('workers-ai', MODEL, { run }).ask(question, NOW)).toMatchObject({
      ok: true,
      value: { opinion: { verdict: 'THREAT' }, usage: { costUsd: 2e-5 } },
    })
  })

  it.each([
    ['throws', () => Promise.reject(new Error('3040: Capacity temporarily exceeded')), 'server-error'],
    ['cannot meet the form', () => Promise.reject(new Error("5024: JSON Mode couldn't be met")), 'wrong-form'],
    ['answers in another form', () => Promise.resolve({ tool_calls: [] }), 'wrong-form'],
    ['never answers', () => new Promise(() => {}), 'timed-out'],
  ])('that %s fails as such', async (_, run, tag) => {
    const one = verifier('workers-ai', { ...MODEL, COUNCIL_TIMEOUT_MS: '100' }, { run })
    expect(await one.ask(question, NOW)).toMatchObject({ ok: false, error: { tag } })
  })
})

describe('who can be asked', () => {
  const offOf = (environment: Record<string, string>) => {
    const setups = setupsOf(readSettings(environment).values, { ai: false, rules: false })
    return Object.fromEntries(Object.entries(setups).map(([name, { off }]) => [name, off]))
  }

  it('is nobody without a key, a price and a budget, and the reason is told', () => {
    expect(offOf({}).gemini).toBe('GEMINI_API_KEY is not set.')
    expect(offOf({ GEMINI_API_KEY: KEY }).gemini).toBeNull()
    expect(offOf({ GEMINI_API_KEY: KEY, GEMINI_MODEL: 'gemini-9' }).gemini).toContain('gemini-9')
    expect(offOf({ GEMINI_API_KEY: KEY, COUNCIL_DAILY_BUDGET_USD: '0' }).gemini).toContain('BUDGET')
    expect(offOf({ WORKERS_AI_MODEL: 'm', COUNCIL_PRICES: 'm 0 0' })['workers-ai']).toContain('AI')
  })
})
