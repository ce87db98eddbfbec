import type { DemoDay } from '../../core/demo/day.ts'
import type { DemoLine, DemoSensor } from '../../core/demo/scene.ts'
import type { Sender } from '../replay/sender.ts'

export interface Posted {
  sensor: DemoSensor
  accepted: number
  duplicates: number
  /** The first reason why a line was not taken; null when all were. */
  rejection: string | null
}

/** Lines a request. */
const BATCH = 1_000

/**
 * Posts the day: each sensor's log in the order of its times, as one stream, the sensors beside one another.
 * @param name names the day; the same day posted again under its name is known to the server
 * @param onLines told of each batch's lines when the server has answered for them
 */
export function postDay(
  day: DemoDay,
  name: string,
  senders: Record<DemoSensor, Sender>,
  onLines: (lines: number) => void,
): Promise<Posted[]> {
  const sensors = Object.keys(day.logs) as DemoSensor[]
  return Promise.all(sensors.map((sensor) => postLog(sensor, day.logs[sensor], name, senders[sensor], onLines)))
}

async function postLog(
  sensor: DemoSensor,
  log: DemoLine[],
  name: string,
  sender: Sender,
  onLines: (lines: number) => void,
): Promise<Posted> {
  const posted: Posted = { sensor, accepted: 0, duplicates: 0, rejection: null }
  for (let from = 0; from < log.length; from += BATCH) {
    const lines = log.slice(from, from + BATCH).map(({ line }) => line)
    const answer = await sender.send({
      body: Buffer.from(`${lines.join('\n')}\n`),
      stream: `${name}/${sensor}`,
      idempotencyKey: `${name}:${sensor}:${from + 1}:${lines.length}`,
    })
    posted.accepted += answer.accepted
    posted.duplicates += answer.duplicates
    posted.rejection ??= answer.unreadable ?? answer.rejected[0]?.reason ?? null
    onLines(lines.length)
  }
  return posted
}
