import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { FORMAT_NAMES, isFormatName } from '../core/events/formats.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { readRemembered } from './local/credentials.ts'
import { createProgress } from './local/progress.ts'
import { stateFolder } from './local/state.ts'
import { openLog } from './replay/log-file.ts'
import { type ReplayOptions, replayLog } from './replay/replay-log.ts'
import { Sender, ServerRefusal } from './replay/sender.ts'
import { describe, emptyTally, linesPerSecond, type Tally } from './replay/tally.ts'

const HELP = `npm run replay -- FILE… [options]: posts log files as a sensor. FILE may be gzipped; - is stdin.

  --format F            ${FORMAT_NAMES.join(', ')}
                        (found line by line when not named)
  --url U               where Picket runs (http://localhost:8787, or PORT)
  --key K               sensor key (PICKET_SENSOR_KEY, or that of the local system)
  --speed X             X times real time, in the order of event times (as fast as accepted)
  --batch N             lines a request, 1 to 10,000 (1,000)
  --stream NAME         what the lines are said to come from (the file's name and digest)
  --give-up-after S     seconds without any answer before it gives up (300)
  --json                the summary as JSON on stdout

Run again after any break: what was posted is known to the server and not stored twice.
Exit code 1 when nothing was accepted, or when the server refused.
`

interface Arguments {
  files: string[]
  url: string
  key: string
  json: boolean
  giveUpAfterMs: number
  options: ReplayOptions
}

function readArguments(args: string[]): Arguments {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      format: { type: 'string' },
      url: { type: 'string' },
      key: { type: 'string' },
      speed: { type: 'string' },
      batch: { type: 'string', default: '1000' },
      stream: { type: 'string' },
      'give-up-after': { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
    },
  })
  if (positionals.length === 0) throw new Error('name at least one file, or - for stdin (--help tells more)')
  const { format, stream } = values
  if (format !== undefined && !isFormatName(format)) {
    throw new Error(`--format ${format} is not known; known are ${FORMAT_NAMES.join(', ')}`)
  }
  if (stream !== undefined && !/^[\x20-\x7e]{1,200}$/.test(stream)) {
    throw new Error('--stream takes up to 200 printable ASCII characters')
  }
  const batchSize = number('--batch', values.batch, 1, 10_000)
  if (!Number.isInteger(batchSize)) throw new Error('--batch takes a whole number')
  const speed = values.speed === undefined ? undefined : number('--speed', values.speed, 1e-6, 1e9)
  return {
    files: positionals,
    url: (values.url ?? `http://localhost:${process.env.PORT || 8787}`).replace(/\/+$/, ''),
    key: values.key ?? sensorKey(),
    json: values.json,
    giveUpAfterMs: number('--give-up-after', values['give-up-after'], 0, 1e6) * 1000,
    options: {
      batchSize,
      ...(speed !== undefined && { speed }),
      ...(format !== undefined && { format }),
      ...(stream !== undefined && { stream }),
    },
  }
}

function number(name: string, text: string, low: number, high: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= low && value <= high)) {
    throw new Error(`${name} takes a number from ${low} to ${high}, not "${text}"`)
  }
  return value
}

function sensorKey(): string {
  const key = process.env.PICKET_SENSOR_KEY || readRemembered(stateFolder(process.env)).sensorKey
  if (!key) throw new Error('no sensor key: give --key or PICKET_SENSOR_KEY (npm start makes one for the local system)')
  return key
}

async function main(args: string[]): Promise<number> {
  const { files, url, key, json, giveUpAfterMs, options } = readArguments(args)
  const tallies: Tally[] = []
  let refused: string | null = null
  for (const file of files) {
    const log = await openLog(file, process.env.INIT_CWD ?? '.')
    const tally = emptyTally(file)
    tallies.push(tally)
    const progress = createProgress(file, { total: log.lines, unit: 'lines' })
    const sender = new Sender(
      { url, key, ...(options.format !== undefined && { format: options.format }) },
      {
        fetch,
        wait,
        now: Date.now,
        giveUpAfterMs,
        giveUpFirstAfterMs: Math.min(giveUpAfterMs, 10_000),
        onWait: (why, ms) => progress.note(`${why}; again in ${(ms / 1000).toFixed(1)} s`),
      },
    )
    try {
      await replayLog(log, sender, options, progress, tally)
    } catch (error) {
      if (!(error instanceof ServerRefusal)) throw error
      refused = `${file}: ${error.message}`
    } finally {
      progress.end()
    }
    if (refused !== null) break
  }
  if (json) process.stdout.write(`${JSON.stringify(asJson(tallies, refused), null, 2)}\n`)
  else for (const tally of tallies) process.stdout.write(describe(tally))
  if (refused !== null) process.stderr.write(`picket: ${refused}\n`)
  const known = tallies.reduce((sum, tally) => sum + tally.accepted + tally.duplicates, 0)
  return refused !== null || known === 0 ? 1 : 0
}

function asJson(tallies: Tally[], refused: string | null) {
  const total = (figure: 'lines' | 'accepted' | 'duplicates' | 'rejected' | 'noEvent' | 'seconds') =>
    tallies.reduce((sum, tally) => sum + tally[figure], 0)
  const files = tallies.map(({ noEvent, ...tally }) => ({
    ...tally,
    seconds: Number(tally.seconds.toFixed(3)),
    no_event: noEvent,
    lines_per_s: linesPerSecond({ ...tally, noEvent }),
  }))
  return {
    accepted: total('accepted'),
    duplicates: total('duplicates'),
    rejected: total('rejected'),
    no_event: total('noEvent'),
    lines: total('lines'),
    seconds: Number(total('seconds').toFixed(3)),
    refused,
    files,
  }
}

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => main(args))
