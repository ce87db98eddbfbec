import fc from 'fast-check'
import { expect, it } from 'vitest'
import { admit, type Waiting } from '../../../../core/intel/live/admission.ts'

const waiting = (address: string, suspicion: number): Waiting => ({ address, suspicion })

it('lets the more suspicious take the place of the less, and of equals keeps who waited', () => {
  const least = [waiting('a', 0.1), waiting('b', 0.5), waiting('c', 0.6)]
  const incoming = [waiting('x', 0.2), waiting('y', 0.9), waiting('z', 0.5)]
  expect(admit(0, least, incoming)).toEqual({
    admitted: [waiting('y', 0.9)],
    displaced: ['a'],
    turnedAway: [waiting('z', 0.5), waiting('x', 0.2)],
  })
  expect(admit(1, least, incoming).displaced).toEqual(['a'])
})

it('keeps as many as there are places, loses nobody untold, and keeps the most suspicious', () => {
  const crowd = fc.uniqueArray(
    fc.record({ address: fc.string(), suspicion: fc.float({ min: 0, max: 1, noNaN: true }) }),
    {
      selector: ({ address }) => address,
    },
  )
  fc.assert(
    fc.property(crowd, fc.nat(10), fc.nat(30), (all, places, split) => {
      const before = all.slice(0, Math.min(split, places)).sort((a, b) => a.suspicion - b.suspicion)
      const incoming = all.slice(before.length)
      const { admitted, displaced, turnedAway } = admit(places - before.length, before, incoming)
      const kept = [...before.filter(({ address }) => !displaced.includes(address)), ...admitted]
      expect(kept.length).toBe(Math.min(places, all.length))
      expect(kept.length + displaced.length + turnedAway.length).toBe(all.length)
      const least = Math.min(...kept.map(({ suspicion }) => suspicion))
      const gone = [...turnedAway, ...before.filter(({ address }) => displaced.includes(address))]
      for (const { suspicion } of gone) expect(suspicion).toBeLessThanOrEqual(least)
    }),
  )
})
