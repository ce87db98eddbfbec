/**
 * `wrangler dev` and Miniflare do not fire cron triggers: the local commands do it with these two. Fields as Cloudflare
 * reads them, in UTC: minute, hour, day, month, weekday; `*`, numbers, lists, ranges and steps. Weekdays are 1-7 from
 * Sunday there; names (MON, JAN) and the letters L and W are refused.
 */
const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
] as const

/** True in the minutes the expression names. Throws on an expression it cannot read. */
export function cronMatches(expression: string, at: Date): boolean {
  const fields = expression.trim().split(/\s+/)
  if (fields.length !== 5) throw new Error(`cron "${expression}" does not have five fields`)
  const values = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay() + 1]
  return fields.every((field, i) => fieldMatches(field, values[i]!, RANGES[i]!, expression))
}

function fieldMatches(
  field: string,
  value: number,
  [low, high]: readonly [number, number],
  expression: string,
): boolean {
  return field.split(',').some((part) => {
    const read = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part)
    if (!read) throw new Error(`cron "${expression}": cannot read "${part}"`)
    const from = read[1] === undefined ? low : Number(read[1])
    const openEnded = read[1] === undefined || (read[2] === undefined && read[3] !== undefined)
    const to = openEnded ? high : Number(read[2] ?? read[1])
    const step = Number(read[3] ?? 1)
    if (step < 1 || from < low || to > high || from > to)
      throw new Error(`cron "${expression}": "${part}" is out of range`)
    return value >= from && value <= to && (value - from) % step === 0
  })
}

/** Calls `fire` once in every minute that an expression names, until the returned function is called. */
export function startCron(expressions: string[], fire: (expression: string, at: Date) => void): () => void {
  for (const expression of expressions) cronMatches(expression, new Date(0))
  let timer: NodeJS.Timeout
  const waitForNextMinute = () => {
    const untilNext = 60_000 - (Date.now() % 60_000)
    timer = setTimeout(() => {
      const at = new Date()
      for (const expression of expressions) if (cronMatches(expression, at)) fire(expression, at)
      waitForNextMinute()
    }, untilNext + 50)
  }
  waitForNextMinute()
  return () => clearTimeout(timer)
}
