import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import { LIST_FORMAT_NAMES } from '../core/intel/formats/formats.ts'
import { SCALES } from '../core/intel/indicator.ts'
import { LIST_KINDS } from '../core/intel/list-kinds.ts'
import { describeList } from './intel/describe.ts'
import { type IntelList, ListsApi } from './intel/lists-api.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { readRemembered } from './local/credentials.ts'
import { createProgress } from './local/progress.ts'
import { stateFolder } from './local/state.ts'

const HELP = `npm run intel -- COMMAND: lists of threat intelligence in a running Picket.

  add FILE|URL     loads a list, in place of the one of the same name. A FILE may be gzipped, - is stdin; a URL is
                   fetched by Picket itself, now and then again, and nothing else here talks to anything outside
    --name NAME        (required)
    --format F         ${LIST_FORMAT_NAMES.join(', ')} (plain)
    --kind K           ${LIST_KINDS.join(', ')} (blocklist)
    --scale S          how scores of a CSV read: ${SCALES.join(', ')} (count: number of lists that agree, as ipsum)
    --weight W         trust in the list, 0 to 1 (1)
    --licence TEXT     the licence it is used under
    --refresh M        minutes after which a URL is fetched again, 15 to 40320 (1440)
    --as-of T          when it was true at its source (a FILE's time of change; of a URL what its server says)
    --max-age D        days for which it is used after that (30)
    --leave-out-refused  entries that no list may hold (private and own addresses, wider than /8) are left out; else
                       one of them refuses the list
  list             the loaded lists, with licence, age, counts and last error
  remove ID        removes a list
  refresh [ID]     fetches one list, or all that have a URL, again now

  --url U          where Picket runs (http://localhost:8787, or PORT)
  --token T        an administrator's API token (PICKET_API_TOKEN, or that of the local system)
  --json           the answer as JSON on stdout
`

const OPTIONS = {
  name: { type: 'string' },
  format: { type: 'string' },
  kind: { type: 'string' },
  scale: { type: 'string' },
  weight: { type: 'string' },
  licence: { type: 'string' },
  refresh: { type: 'string' },
  'as-of': { type: 'string' },
  'max-age': { type: 'string' },
  'leave-out-refused': { type: 'boolean', default: false },
  url: { type: 'string' },
  token: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text)

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: OPTIONS })
  const [command = '', subject] = positionals
  const url = (values.url ?? `http://localhost:${process.env.PORT || 8787}`).replace(/\/+$/, '')
  const token = values.token || process.env.PICKET_API_TOKEN || readRemembered(stateFolder(process.env)).apiToken
  if (!token)
    throw new Error('no API token: give --token or PICKET_API_TOKEN (npm start makes one for the local system)')
  const api = new ListsApi(url, token, fetch)
  const tell = (answer: unknown, text: string) =>
    process.stdout.write(values.json ? `${JSON.stringify(answer, null, 2)}\n` : text)
  switch (command) {
    case 'add': {
      const list = await add(api, required(subject, 'add FILE|URL'), values)
      tell(list, describeList(list))
      return 0
    }
    case 'list': {
      const lists = await api.all()
      tell(lists, lists.length === 0 ? 'no list is loaded\n' : lists.map(describeList).join(''))
      return 0
    }
    case 'remove': {
      const id = required(subject, 'remove ID')
      await api.remove(id)
      tell({ removed: id }, `${id} is removed\n`)
      return 0
    }
    case 'refresh':
      return refresh(api, subject, tell)
    default:
      throw new Error(`"${command}" is none of add, list, remove, refresh (--help tells more)`)
  }
}

async function add(api: ListsApi, subject: string, values: Values): Promise<IntelList> {
  const query: Record<string, string> = { name: required(values.name, 'add … --name NAME') }
  for (const [option, parameter] of [
    ['format', 'format'],
    ['kind', 'kind'],
    ['scale', 'scale'],
    ['weight', 'weight'],
    ['licence', 'licence'],
    ['refresh', 'refresh_minutes'],
    ['as-of', 'as_of'],
    ['max-age', 'max_age_days'],
  ] as const) {
    const value = values[option]
    if (value !== undefined) query[parameter] = value
  }
  if (values['leave-out-refused']) query.leave_out_refused = 'true'
  if (isWebAddress(subject)) return api.add({ ...query, url: subject }, null)
  const isStdin = subject === '-'
  const file = path.resolve(process.env.INIT_CWD ?? '.', subject)
  const known = isStdin ? null : await stat(file)
  if (known) query.as_of ??= new Date(Math.min(known.mtimeMs, Date.now())).toISOString()
  const progress = createProgress(subject, { total: known?.size ?? null, unit: 'bytes' })
  try {
    return await api.add(
      query,
      counted(isStdin ? process.stdin : createReadStream(file), (sent) => progress.update(sent)),
    )
  } finally {
    progress.end()
  }
}

async function refresh(
  api: ListsApi,
  id: string | undefined,
  tell: (answer: unknown, text: string) => void,
): Promise<number> {
  const ids = id === undefined ? (await api.all()).filter(({ url }) => url !== null).map((list) => list.id) : [id]
  const progress = createProgress('refresh', { total: ids.length, unit: 'lists', rate: false })
  const answers = []
  for (const one of ids) {
    answers.push(await api.refresh(one))
    progress.update(answers.length)
  }
  progress.end()
  const lines = answers.map(
    ({ outcome, error, list }) => `${list.name}: ${outcome}${error === null ? '' : `, ${error}`}\n`,
  )
  tell(answers, ids.length === 0 ? 'no list has a URL\n' : lines.join(''))
  return answers.some(({ outcome }) => outcome === 'failed' || outcome === 'no-url') ? 1 : 0
}

function counted(chunks: AsyncIterable<Uint8Array>, onSent: (bytes: number) => void): ReadableStream<Uint8Array> {
  let sent = 0
  async function* passing() {
    for await (const chunk of chunks) {
      yield chunk
      sent += chunk.length
      onSent(sent)
    }
  }
  // Node's stream is the one that fetch takes; the Workers' type of the same name differs.
  return Readable.toWeb(Readable.from(passing())) as unknown as ReadableStream<Uint8Array>
}

function required(value: string | undefined, usage: string): string {
  if (value === undefined || value === '') throw new Error(`${usage} is wanted (--help tells more)`)
  return value
}

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => main(args))
