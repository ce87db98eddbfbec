import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BOOSTING_DEFAULTS } from '../../../core/learning/boosting.ts'
import { FOREST_DEFAULTS } from '../../../core/learning/forest.ts'
import { decodeMade, encodeMade } from '../../../core/learning/made-bytes.ts'
import { MEMBER_DEFAULTS, trainMembers } from '../../../core/learning/members.ts'
import { MembersInTraining } from '../../../core/learning/members-in-training.ts'
import { NETWORK_DEFAULTS } from '../../../core/learning/network-training.ts'
import { madeData } from './made-data.ts'

const COLUMNS = 12
const data = madeData(300, 4, COLUMNS)
const log1p = Uint8Array.from({ length: COLUMNS }, (_, column) => (column % 3 === 0 ? 1 : 0))
const options = {
  ...MEMBER_DEFAULTS,
  forest: { ...FOREST_DEFAULTS, trees: 5 },
  boosting: { ...BOOSTING_DEFAULTS, rounds: 4 },
  network: { ...NETWORK_DEFAULTS, hidden: [8], epochs: 4 },
  isolation: { trees: 3, sample: 32 },
}
const begun = () => new MembersInTraining(data, log1p, options, 9)
const undisturbed = trainMembers(data, log1p, options, 9)

describe('members in training', () => {
  it('are the same, bit for bit, when whoever trains them dies after any units and another goes on from the bytes kept', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 16 }), { maxLength: 6 }), (deaths) => {
        const kept: Uint8Array[] = []
        let training = begun()
        for (let unit = 0; training.next; unit++) {
          if (deaths.includes(unit)) {
            // What was made last is lost with the process when it was not kept.
            training.advance()
            training = begun()
            for (const bytes of kept) training.restore(decodeMade(bytes))
          }
          kept.push(encodeMade(training.advance()))
        }
        expect(training.members()).toEqual(undisturbed)
      }),
      { numRuns: 12 },
    ))

  it('come in the order of their units, and no other', () => {
    const training = begun()
    expect(training.units.map(({ member }) => member).join(' ')).toMatch(
      /^(forest ?){5}(boosting ?){4}(network ?){4}(isolation ?){3}$/,
    )
    const network = new MembersInTraining(
      data,
      log1p,
      { ...options, forest: { ...options.forest, trees: 0 }, boosting: { ...options.boosting, rounds: 0 } },
      9,
    )
    expect(() => training.restore(network.advance())).toThrow('network is not what comes next')
    expect(() => training.members()).toThrow('forest is not trained yet')
  })

  it('lose nothing as bytes, wherever these lie', () => {
    const training = begun()
    while (training.next) {
      const made = training.advance()
      const bytes = encodeMade(made)
      const elsewhere = new Uint8Array(bytes.length + 3)
      elsewhere.set(bytes, 3)
      expect(decodeMade(elsewhere.subarray(3))).toEqual(made)
    }
  })
})
