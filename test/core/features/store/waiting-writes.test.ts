import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { VectorEntry } from '../../../../core/features/store/port.ts'
import { WaitingWrites, type Weight } from '../../../../core/features/store/waiting-writes.ts'
import { entryOf } from '../../../support/feature-store-suite.ts'

const offer = (waiting: WaitingWrites, entry: VectorEntry, weight: Weight) =>
  waiting.offer(entry.address, weight, () => entry)
const BOUNDS = { most: 6, mostSampled: 2 }

describe('vectors that wait to be written', () => {
  it('are one an address, the newest, in the order in which their addresses came', () => {
    const waiting = new WaitingWrites(BOUNDS)
    offer(waiting, entryOf('a', 1), 'sought')
    offer(waiting, entryOf('b', 1), 'sought')
    offer(waiting, entryOf('a', 2), 'sampled')
    expect(waiting.take(9)).toEqual([entryOf('a', 2), entryOf('b', 1)])
    expect(waiting.size).toBe(0)
  })

  it('let one that is sought take the place of an ordinary one, and count what finds no place', () => {
    const waiting = new WaitingWrites(BOUNDS)
    for (const address of ['o1', 'o2', 'o3']) offer(waiting, entryOf(address), 'sampled')
    for (const address of ['s1', 's2', 's3', 's4', 's5']) offer(waiting, entryOf(address), 'sought')
    expect(waiting.dropped).toBe(0)
    expect(waiting.take(9).map(({ address }) => address)).toEqual(['s1', 's2', 's3', 's4', 's5', 'o2'])
    for (let i = 0; i < 8; i++) offer(waiting, entryOf(`s${i}`), 'sought')
    expect(waiting.dropped).toBe(2)
  })

  it('are never more than the bound, and each sought one is taken or counted', () => {
    const offered = fc.record({ address: fc.nat(20), weight: fc.constantFrom<Weight>('sought', 'sampled') })
    fc.assert(
      fc.property(fc.array(fc.oneof(offered, fc.record({ take: fc.nat(4) })), { maxLength: 100 }), (steps) => {
        const waiting = new WaitingWrites(BOUNDS)
        for (const step of steps) {
          if ('take' in step) expect(waiting.take(step.take).length).toBeLessThanOrEqual(step.take)
          else {
            const { dropped } = waiting
            offer(waiting, entryOf(`${step.address}`), step.weight)
            const taken = [...new Set(waiting.take(99).map(({ address }) => address))]
            for (const address of taken) offer(waiting, entryOf(address), 'sought')
            if (step.weight === 'sought' && waiting.dropped === dropped) expect(taken).toContain(`${step.address}`)
          }
          expect(waiting.size).toBeLessThanOrEqual(BOUNDS.most)
        }
      }),
    )
  })
})
