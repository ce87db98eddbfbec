import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { canonicalAddress } from './events/address.ts'

/** One setting: a variable of the environment or of wrangler.toml, or a secret of the deployment. */
interface SettingRow<Schema extends z.ZodType, Default extends string | null> {
  /** From its text to its value. */
  schema: Schema
  /** The text that stands when it is not given; null: it has none, and is then null. */
  byDefault: Default
  /** Never shown, not even to administrators. */
  isSecret: boolean
  does: string
}

const row = <Schema extends z.ZodType>(
  schema: Schema,
  byDefault: string,
  does: string,
): SettingRow<Schema, string> => ({
  schema,
  byDefault,
  does,
  isSecret: false,
})
const secret = (does: string): SettingRow<z.ZodString, null> => ({
  // It goes into a header as it stands.
  schema: z.string().regex(/^[\x21-\x7e]{1,512}$/, 'is not 1 to 512 printable characters without spaces'),
  byDefault: null,
  does,
  isSecret: true,
})

const optional = <Schema extends z.ZodType>(schema: Schema, does: string): SettingRow<Schema, null> => ({
  schema,
  byDefault: null,
  does,
  isSecret: false,
})

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `is not a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `is not a whole number from ${least} to ${most}`)

const dollars = z
  .string()
  .regex(/^\d{1,6}(?:\.\d{1,4})?$/, 'is not an amount of dollars')
  .transform(Number)

const modelName = z.string().regex(/^[\w@./:-]{1,100}$/, 'is not the name of a model')
const optionalModelName = z.union([z.literal(''), modelName])

/** Dollars for a million tokens. */
export interface TokenPrice {
  input: number
  output: number
}

const prices = z.string().transform((text, context) => {
  const table: Record<string, TokenPrice> = {}
  for (const entry of text.split(',').filter((one) => one.trim() !== '')) {
    const read = /^\s*([\w@./:-]{1,100})\s+(\d{1,6}(?:\.\d{1,6})?)\s+(\d{1,6}(?:\.\d{1,6})?)\s*$/.exec(entry)
    if (!read) {
      context.addIssue({ code: 'custom', message: 'holds an entry that is not MODEL IN OUT' })
      return z.NEVER
    }
    table[read[1]!] = { input: Number(read[2]), output: Number(read[3]) }
  }
  return table
})

const baseUrl = z.string().transform((text, context) => {
  const why = whyNoBaseUrl(text)
  if (why === null) return text.replace(/\/+$/, '')
  context.addIssue({ code: 'custom', message: why })
  return z.NEVER
})

/** Empty text: none. */
const optionalBaseUrl = z.union([z.literal(''), baseUrl])

const ranges = z.string().transform((text, context) => {
  const each = text.split(/[\s,]+/).filter((one) => one !== '')
  const read = each.map(cidrOf)
  const wrong = each[read.indexOf(null)]
  if (wrong === undefined) return read.filter((one) => one !== null)
  context.addIssue({ code: 'custom', message: `names ${JSON.stringify(wrong.slice(0, 50))}, no address or CIDR` })
  return z.NEVER
})

/** One address is a network of its own. */
function cidrOf(text: string): string | null {
  const slash = text.indexOf('/')
  const address = canonicalAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return null
  const cidr = `${address}${slash < 0 ? (address.includes(':') ? '/128' : '/32') : text.slice(slash)}`
  return ipaddr.isValidCIDR(cidr) ? cidr : null
}

/** A key must not travel in the clear: http is for this machine and private networks. */
function whyNoBaseUrl(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is not an http or https URL'
  if (url.username !== '' || url.password !== '') return 'holds a user name or password'
  if (url.search !== '' || url.hash !== '') return 'holds a query or fragment'
  if (url.protocol === 'https:' || isNear(url.hostname)) return null
  return 'would send its key unencrypted: use https'
}

function isNear(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '')
  if (!ipaddr.isValid(bare)) return bare === 'localhost' || bare.endsWith('.localhost') || !bare.includes('.')
  return ['loopback', 'private', 'uniqueLocal', 'linkLocal'].includes(ipaddr.parse(bare).range())
}

/** Every setting that is read through this table. */
export const SETTINGS = {
  UPSTASH_REDIS_REST_URL: optional(
    baseUrl,
    'REST address of the Redis that keeps vectors. Without it and its token they are kept in an embedded store.',
  ),
  UPSTASH_REDIS_REST_TOKEN: secret('Token of that Redis.'),
  FEATURE_STORE_WRITES: row(
    wholeNumber(0, 1_000),
    '64',
    'Vectors that each partition stores a second, at most: a request of so many KB. 0 stores none.',
  ),
  OWN_RANGES: row(
    ranges,
    '',
    'Addresses and networks (CIDR) of your own, with commas or spaces between them: never sent to anybody.',
  ),
  INTEL_TIMEOUT_MS: row(wholeNumber(100, 30_000), '2000', 'How long a live look-up may take, in milliseconds.'),
  ABUSEIPDB_API_KEY: secret('Turns look-ups at AbuseIPDB on.'),
  ABUSEIPDB_BASE_URL: row(baseUrl, 'https://api.abuseipdb.com', 'Where AbuseIPDB is asked.'),
  ABUSEIPDB_DAILY_BUDGET: row(wholeNumber(0, 10_000_000), '1000', 'Most look-ups at AbuseIPDB in a day (UTC).'),
  GREYNOISE_API_KEY: secret('Turns look-ups at GreyNoise on.'),
  GREYNOISE_BASE_URL: row(baseUrl, 'https://api.greynoise.io', 'Where GreyNoise is asked.'),
  GREYNOISE_DAILY_BUDGET: row(wholeNumber(0, 10_000_000), '7', 'Most look-ups at GreyNoise in a day (UTC).'),
  GREYNOISE_API: row(
    z.enum(['community', 'ip'], 'is neither community nor ip'),
    'community',
    'What the key is for: community (/v3/community) or, with a subscription, ip (/v3/ip).',
  ),
  CROWDSEC_CTI_API_KEY: secret('Turns look-ups at CrowdSec CTI on.'),
  CROWDSEC_CTI_BASE_URL: row(baseUrl, 'https://cti.api.crowdsec.net', 'Where CrowdSec CTI is asked.'),
  CROWDSEC_CTI_DAILY_BUDGET: row(wholeNumber(0, 10_000_000), '50', 'Most look-ups at CrowdSec CTI in a day (UTC).'),
  OTX_API_KEY: secret('Turns look-ups at AlienVault OTX on.'),
  OTX_BASE_URL: row(baseUrl, 'https://otx.alienvault.com', 'Where AlienVault OTX is asked.'),
  COUNCIL_DAILY_BUDGET_USD: row(
    dollars,
    '1',
    'Most dollars that verifiers may cost in a day (UTC): a call that could pass it is not made. 0 makes none.',
  ),
  COUNCIL_TIMEOUT_MS: row(
    wholeNumber(100, 60_000),
    '20000',
    'How long one call of a verifier may take, in milliseconds.',
  ),
  COUNCIL_REUSE: row(
    z.enum(['on', 'off'], 'is neither on nor off'),
    'on',
    'Whether a verdict on which past cases agree is taken without asking anybody.',
  ),
  COUNCIL_CALLS_AT_ONCE: row(wholeNumber(1, 1_000), '16', 'Most calls at once of one verifier, over all cases.'),
  COUNCIL_PRICES: row(
    prices,
    'gemini-2.5-flash 0.30 2.50, grok-4 3 15, gpt-4.1-mini 0.40 1.60',
    'Dollars for a million tokens in and out, by model: MODEL IN OUT, with commas between them. A model without a price is not called.',
  ),
  AI_GATEWAY_URL: row(
    optionalBaseUrl,
    '',
    'A Cloudflare AI Gateway (https://gateway.ai.cloudflare.com/v1/ACCOUNT/GATEWAY): verifiers are called through it.',
  ),
  GEMINI_API_KEY: secret('Turns the judge of the council on.'),
  GEMINI_BASE_URL: row(baseUrl, 'https://generativelanguage.googleapis.com', 'Where Gemini is asked.'),
  GEMINI_MODEL: row(modelName, 'gemini-2.5-flash', 'The model that judges.'),
  XAI_API_KEY: secret("Turns the council's threat intelligence by Grok on."),
  XAI_BASE_URL: row(baseUrl, 'https://api.x.ai', 'Where Grok is asked.'),
  XAI_MODEL: row(modelName, 'grok-4', 'The model that gives threat intelligence.'),
  OPENAI_API_KEY: secret("Turns the council's remediation on."),
  OPENAI_BASE_URL: row(baseUrl, 'https://api.openai.com', 'Where OpenAI is asked.'),
  OPENAI_MODEL: row(modelName, 'gpt-4.1-mini', 'The model that proposes remediation.'),
  WORKERS_AI_MODEL: row(
    optionalModelName,
    '',
    'A model of Workers AI that stands in for verifiers without a key, where the binding AI is there. Empty: none does.',
  ),
  OTX_DAILY_BUDGET: row(wholeNumber(0, 10_000_000), '10000', 'Most look-ups at AlienVault OTX in a day (UTC).'),
}

export type SettingName = keyof typeof SETTINGS
export type Settings = {
  [Name in SettingName]:
    | z.output<(typeof SETTINGS)[Name]['schema']>
    | ((typeof SETTINGS)[Name]['byDefault'] extends string ? never : null)
}

/** A setting that cannot be used; its value is not repeated, for it may be a secret. */
export interface SettingFault {
  name: SettingName
  why: string
}

/** Defaults are read once, whoever asks: every object of a case or partition reads the settings as it wakes. */
const standing = new Map<string, unknown>()
function standingOf(name: string, schema: z.ZodType, byDefault: string): unknown {
  if (!standing.has(name)) standing.set(name, schema.parse(byDefault))
  return standing.get(name)
}

/**
 * Reads all settings. An empty text counts as not given. A setting that cannot be used is told in `faults` and stands
 * at its default in `values`: whoever depends on it looks there first.
 */
export function readSettings(environment: Readonly<Record<string, unknown>>): {
  values: Settings
  faults: SettingFault[]
} {
  const faults: SettingFault[] = []
  const values: Record<string, unknown> = {}
  for (const [name, { schema, byDefault }] of Object.entries(SETTINGS)) {
    const given = environment[name]
    const byItself = byDefault === null ? null : standingOf(name, schema, byDefault)
    if (given === undefined || given === null || given === '') values[name] = byItself
    else {
      const read = schema.safeParse(given)
      values[name] = read.success ? read.data : byItself
      if (!read.success)
        faults.push({ name: name as SettingName, why: read.error.issues[0]?.message ?? 'cannot be read' })
    }
  }
  return { values: values as Settings, faults }
}
