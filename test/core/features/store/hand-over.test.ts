import { describe, expect, it } from 'vitest'
import { featureIndex } from '../../../../core/features/schema.ts'
import { cursorText } from '../../../../core/features/store/cursor.ts'
import { HandOver, pendingOf } from '../../../../core/features/store/hand-over.ts'
import { Beside } from '../../../../core/incidents/beside.ts'
import { docketOf, type Judgement, judge } from '../../../../core/incidents/judge.ts'
import { WindowTable } from '../../../../core/window/window-table.ts'

const START = Date.UTC(2024, 4, 6, 8)
const PANE = START / 10_000

/** Judges with a model that says of every window the same. */
function partition(confidence: number, threatClass = 0) {
  const table = new WindowTable<Beside>({ maxSources: 1_000, newBeside: () => new Beside() })
  let n = 0
  const probabilities = new Float32Array(7).fill((1 - confidence) / 6)
  probabilities[threatClass] = confidence
  const output = { probabilities, forest: probabilities, boosting: probabilities, network: probabilities, anomaly: 0 }
  const model = { manifest: { thresholds: new Array<number>(7).fill(0.1), anomaly_threshold: 0.9 } }
  return {
    table,
    event(src_ip: string, atS: number, scope = '') {
      const event = { ts: START + atS * 1000, src_ip, event_type: 'http.request' }
      table.add(scope, 'feed', event, event.ts)?.beside.note(event, '', 'sensor', { row: n++, index: 0 })
    },
    judge(upTo = Number.POSITIVE_INFINITY): Judgement[] {
      const tasks = table.due('feed', upTo, false, 10_000)
      const judgements = judge(
        docketOf(tasks),
        tasks.map(() => output),
        model,
      )
      for (const { task } of judgements) table.settled(task, 0)
      return judgements
    },
  }
}

describe('judged windows that are handed over', () => {
  it('have the cursor of the newest pane, also when late events are judged after it', () => {
    const { event, judge } = partition(0.99)
    const handOver = new HandOver(64)
    event('203.0.113.1', 5)
    event('203.0.113.1', 25)
    handOver.note(judge(), START)
    expect(handOver.windowOf('203.0.113.1', null, START)).toMatchObject({ pane: PANE + 2, events: 2 })
    handOver.take()
    event('203.0.113.1', 6)
    handOver.note(judge(), START)
    expect(handOver.windowOf('203.0.113.1', null, START)).toMatchObject({ pane: PANE + 2, events: 3 })
    // The vector of an older pane is not the newest window's.
    expect(handOver.take()).toEqual([])
  })

  it('are all of those that the model is not sure of, in batches, and a sample of eight of the others', () => {
    const unsure = partition(0.7)
    const sure = partition(0.99)
    for (let i = 0; i < 100; i++) {
      unsure.event(`198.51.100.${i}`, 1)
      sure.event(`203.0.113.${i}`, 1)
    }
    const handOver = new HandOver(64)
    handOver.note(sure.judge(), START)
    handOver.note(unsure.judge(), START)
    const batches = [handOver.take(), handOver.take(), handOver.take()]
    expect(batches.map((batch) => batch.length)).toEqual([64, 44, 0])
    const addresses = batches.flat().map(({ address }) => address)
    expect(addresses.slice(0, 100).every((address) => address.startsWith('198.51.100.'))).toBe(true)
    expect(addresses.filter((address) => address.startsWith('203.0.113.'))).toHaveLength(8)
  })

  it('carry the cursor that whoever asks is told', () => {
    const { event, judge } = partition(0.7)
    const handOver = new HandOver(64)
    event('203.0.113.2', 1, 'replay')
    handOver.note(judge(), START)
    const [entry] = handOver.take()
    expect(entry!.cursor).toBe(cursorText(handOver.windowOf('203.0.113.2', null, START)!))
    expect(entry!.cursor).toBe(`${PANE}/1/0:0//replay`)
  })

  it('have another cursor once threat intelligence has said more, of the same events', () => {
    const { event, judge } = partition(0.7)
    const handOver = new HandOver(64)
    event('203.0.113.7', 1)
    const [judgement] = judge()
    handOver.note([judgement!], START)
    const before = handOver.windowOf('203.0.113.7', null, START)!
    const row = judgement!.row.slice()
    row[featureIndex('abuse_score')] = 0.9
    handOver.note([{ ...judgement!, row }], START)
    const after = handOver.windowOf('203.0.113.7', null, START)!
    expect([before.intel, after.intel]).toEqual(['', expect.stringMatching(/^[0-9a-f]{8}$/)])
    expect({ ...after, intel: '' }).toEqual(before)
    // A later extraction finds that it is known no longer.
    handOver.extracted('203.0.113.7', before)
    expect(handOver.windowOf('203.0.113.7', null, START)).toEqual(before)
    handOver.extracted('203.0.113.7', { ...after, events: 2 })
    expect(handOver.windowOf('203.0.113.7', null, START)).toEqual(before)
  })

  it('are none with no writes a second, and are known all the same', () => {
    const { event, judge } = partition(0.7)
    const handOver = new HandOver(0)
    event('203.0.113.3', 1)
    handOver.note(judge(), START)
    expect(handOver.waiting).toBe(0)
    expect(handOver.windowOf('203.0.113.3', null, START)).not.toBeNull()
  })

  it('are told of the live scope first, and no longer once forgotten', () => {
    const { event, judge, table } = partition(0.7)
    const handOver = new HandOver(64)
    event('203.0.113.4', 1, '')
    event('203.0.113.4', 11, 'replay')
    handOver.note(judge(), START)
    expect(handOver.windowOf('203.0.113.4', null, START)!.scope).toBe('')
    expect(handOver.windowOf('203.0.113.4', 'replay', START)!.scope).toBe('replay')
    expect(handOver.windowOf('203.0.113.4', 'other', START)).toBeNull()
    handOver.forget('|203.0.113.4')
    expect(handOver.windowOf('203.0.113.4', null, START)!.scope).toBe('replay')
    handOver.forget('replay|203.0.113.4')
    expect(handOver.windowOf('203.0.113.4', null, START)).toBeNull()
    expect([...table.sources()]).toHaveLength(2)
  })

  it('are known again after a restart where nothing is unjudged', () => {
    const { event, judge, table } = partition(0.7)
    event('203.0.113.5', 1)
    event('203.0.113.6', 1)
    judge()
    event('203.0.113.6', 2)
    const handOver = new HandOver(64)
    for (const tracked of table.sources()) handOver.restored(tracked)
    expect(handOver.windowOf('203.0.113.5', null, START)).toMatchObject({ pane: PANE, events: 1 })
    expect(handOver.windowOf('203.0.113.6', null, START)).toBeNull()
    expect([...table.sources()].map((tracked) => pendingOf(tracked))).toEqual([0, 1])
  })
})
