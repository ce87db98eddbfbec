import { describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { paneOf } from '../../../core/window/pane-times.ts'
import { WindowTable } from '../../../core/window/window-table.ts'

const START = 1_700_000_000_000
const event = (src_ip: string, second: number): CanonicalEvent => ({
  ts: START + second * 1_000,
  src_ip,
  event_type: 'flow',
})
const tableOf = (maxSources: number) => new WindowTable<object>({ maxSources, newBeside: () => ({}) })
const pane = paneOf(START)

describe('the window table', () => {
  it('asks for each closed pane of a replay by itself, in order of time', () => {
    const table = tableOf(10)
    for (const second of [0, 25, 12, 1]) table.add('s', 'feed', event('192.0.2.1', second), 0)
    const tasks = table.due('feed', pane + 1, false, 100)
    expect(tasks.map(({ last }) => last - pane)).toEqual([0, 1])
    expect(tasks.map(({ taken }) => taken[0]!.events)).toEqual([2, 1])
    expect(table.unjudged).toBe(4)
  })

  it('asks for the window as it stands, once a source, where it is judged live', () => {
    const table = tableOf(10)
    for (const second of [0, 12, 25]) table.add('', 'feed', event('192.0.2.1', second), 0)
    const tasks = table.due('feed', Number.NEGATIVE_INFINITY, true, 100)
    expect(tasks.map(({ last, taken }) => [last - pane, taken.length])).toEqual([[2, 3]])
  })

  it('asks for as many windows of a source as hold all that waits, though it waited for an hour', () => {
    const table = tableOf(10)
    for (const second of [0, 299, 300, 3_600]) table.add('', 'feed', event('192.0.2.1', second), 0)
    const tasks = table.due('feed', Number.NEGATIVE_INFINITY, true, 100)
    expect(tasks.map(({ last, taken }) => [last - pane, taken.length])).toEqual([
      [29, 2],
      [30, 1],
      [360, 1],
    ])
    for (const task of tasks) table.settled(task, 0)
    expect(table.unjudged).toBe(0)
  })

  it('keeps events that came while a window was judged as unjudged', () => {
    const table = tableOf(10)
    table.add('', 'feed', event('192.0.2.1', 0), 0)
    const [task] = table.due('feed', pane, true, 100)
    table.add('', 'feed', event('192.0.2.1', 1), 0)
    table.settled(task!, 0.5)
    expect(table.unjudged).toBe(1)
    expect(table.due('feed', pane, true, 100)).toHaveLength(1)
  })

  it('has every source judged, also behind others that never rest', () => {
    const table = tableOf(10)
    for (const source of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) table.add('', 'feed', event(source, 0), 0)
    const judged = new Set<string>()
    for (let round = 1; round < 4; round++) {
      const tasks = table.due('feed', pane, true, 1)
      for (const source of ['192.0.2.1', '192.0.2.2']) table.add('', 'feed', event(source, round), 0)
      for (const task of tasks) {
        judged.add(task.tracked.key)
        table.settled(task, 0)
      }
    }
    expect(judged.size).toBe(3)
  })

  it('counts the wait of events that came during a judgement from that judgement on', () => {
    const table = tableOf(10)
    table.add('', 'feed', event('192.0.2.1', 0), 1_000)
    const [task] = table.due('feed', pane, true, 10)
    table.add('', 'feed', event('192.0.2.1', 1), 1_600)
    table.settled(task!, 0, 1_500)
    expect(task!.tracked.waitingSince).toBe(1_500)
    table.settled(table.due('feed', pane, true, 10)[0]!, 0, 1_700)
    expect(task!.tracked.waitingSince).toBeNaN()
  })

  it('is crowded at twice the sources that it keeps', () => {
    const table = tableOf(2)
    for (let i = 0; i < 3; i++) table.add('', 'feed', event(`192.0.2.${i}`, 0), 0)
    expect(table.isCrowded).toBe(false)
    table.add('', 'feed', event('192.0.2.9', 0), 0)
    expect(table.isCrowded).toBe(true)
  })

  it('never forgets a source with unjudged events', () => {
    const table = tableOf(2)
    for (let i = 0; i < 6; i++) table.add('', 'feed', event(`192.0.2.${i}`, 0), 0)
    expect(table.evict()).toEqual([])
    for (const task of table.due('feed', pane, true, 100).slice(0, 3)) table.settled(task, 0)
    expect(table.evict()).toHaveLength(3)
    expect(table.size).toBe(3)
    expect(table.unjudged).toBe(3)
  })

  it('forgets the less suspicious of the least recent first', () => {
    const table = tableOf(3)
    for (let i = 0; i < 4; i++) table.add('', 'feed', event(`192.0.2.${i}`, 0), 0)
    for (const task of table.due('feed', pane, true, 100))
      table.settled(task, task.tracked.key.endsWith('.0') ? 0.9 : 0.1)
    expect(table.evict().map(({ key }) => key)).toEqual(['|192.0.2.1'])
  })

  it('counts an event that is older than its source’s window as late', () => {
    const table = tableOf(3)
    table.add('', 'feed', event('192.0.2.1', 1_000), 0)
    expect(table.add('', 'feed', event('192.0.2.1', 0), 0)).toBeNull()
    expect(table.late).toBe(1)
    expect(table.unjudged).toBe(1)
  })

  it('keeps a site’s own addresses apart by scope, and takes an IPv6 /64 for one source', () => {
    const table = tableOf(10)
    table.add('a', 'feed', event('10.0.0.1', 0), 0)
    table.add('b', 'feed', event('10.0.0.1', 0), 0)
    table.add('', 'feed', event('2001:db8:1:2::1', 0), 0)
    table.add('', 'feed', event('2001:db8:1:2:ffff::9', 0), 0)
    expect(table.size).toBe(3)
  })
})
