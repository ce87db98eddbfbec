import { describe, expect, it } from 'vitest'
import { compileRules } from '../../../core/rules/compile.ts'
import { BENIGN_EXPLANATIONS } from '../../../core/rules/rule-file.ts'
import { CLASSES } from '../../../core/taxonomy.ts'
import { inRoot } from '../../../scripts/local/repository.ts'
import { readRuleFolders } from '../../../scripts/rule-set.mjs'
import { coverageOf, coverageText } from '../../../scripts/scenarios/coverage.ts'
import { runCase } from '../../../scripts/scenarios/rule-case.ts'

const sources = readRuleFolders(inRoot('rules'), 'rules')
const set = compileRules(sources)

describe('the rules that ship', () => {
  it('are all accepted', () => expect(set.refusals).toEqual([]))

  it.each(sources.map(({ name }) => name))('%s fires on its log as expected and not on its look-alike', (name) =>
    expect(runCase(set, inRoot('rules'), name).failures).toEqual([]),
  )

  it('cover every class and every benign explanation, with a log and a look-alike for each rule', () => {
    const results = sources.map(({ name }) => runCase(set, inRoot('rules'), name))
    const coverage = coverageOf(set, results)
    process.stdout.write(coverageText(coverage))
    expect(coverage.shown).toBe(sources.length)
    for (const { name } of CLASSES) expect(coverage.byClass[name], name).toBeGreaterThan(0)
    for (const name of BENIGN_EXPLANATIONS) expect(coverage.byExplanation[name], name).toBeGreaterThan(0)
  })
})
