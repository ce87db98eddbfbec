import type { GraphContext, GraphQuestion } from './target-table.ts'

/** Questions with the pane their window ends with, flat: [last, source, number of targets, …targets] each. */
export function packQuestions(questions: readonly { last: number; question: GraphQuestion }[]): Float64Array {
  const length = questions.reduce((sum, { question }) => sum + 3 + question.targets.length, 0)
  const packed = new Float64Array(length)
  let at = 0
  for (const { last, question } of questions) {
    packed[at++] = last
    packed[at++] = question.source
    packed[at++] = question.targets.length
    for (const target of question.targets) packed[at++] = target
  }
  return packed
}

export function unpackQuestions(packed: Float64Array): { last: number; question: GraphQuestion }[] {
  const questions: { last: number; question: GraphQuestion }[] = []
  for (let at = 0; at < packed.length; ) {
    const targets = packed[at + 2]!
    questions.push({
      last: packed[at]!,
      question: { source: packed[at + 1]!, targets: [...packed.subarray(at + 3, at + 3 + targets)] },
    })
    at += 3 + targets
  }
  return questions
}

const FIELDS = ['targetFanIn', 'targetLoad', 'sharedTargets', 'reciprocal', 'sensorTargets'] as const

/** Answers in the order asked, flat, five numbers each. */
export function packContexts(contexts: readonly GraphContext[]): Float64Array {
  const packed = new Float64Array(contexts.length * FIELDS.length)
  contexts.forEach((context, i) => {
    FIELDS.forEach((field, j) => {
      packed[i * FIELDS.length + j] = context[field]
    })
  })
  return packed
}

export function unpackContexts(packed: Float64Array): GraphContext[] {
  return Array.from({ length: packed.length / FIELDS.length }, (_, i) => {
    const [targetFanIn, targetLoad, sharedTargets, reciprocal, sensorTargets] = packed.subarray(
      i * FIELDS.length,
      (i + 1) * FIELDS.length,
    ) as unknown as [number, number, number, number, number]
    return { targetFanIn, targetLoad, sharedTargets, reciprocal, sensorTargets }
  })
}

/** Of several sensors' answers about one source the one that saw most. */
export function widest(a: GraphContext | null, b: GraphContext): GraphContext {
  return a === null || b.targetFanIn > a.targetFanIn || (b.targetFanIn === a.targetFanIn && b.targetLoad > a.targetLoad)
    ? b
    : a
}
