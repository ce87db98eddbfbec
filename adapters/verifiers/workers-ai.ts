import { z } from 'zod'
import { OPINION_SCHEMA } from '../../core/council/opinion-schema.ts'
import { err, ok } from '../../core/result.ts'
import { type CallModel, MOST_OUTPUT_TOKENS } from './model-verifier.ts'

/** What of the binding `AI` is used (developers.cloudflare.com/workers-ai/json-mode). */
export interface AiBinding {
  run(model: string, input: Record<string, unknown>): Promise<unknown>
}

/** In JSON mode `response` is the object itself; some models give its text. */
const Answer = z.object({
  response: z.union([z.string(), z.record(z.string(), z.unknown())]),
  usage: z
    .object({
      prompt_tokens: z.number().int().nonnegative().optional(),
      completion_tokens: z.number().int().nonnegative().optional(),
    })
    .nullish(),
})

const MOST_WHY = 200

/** A model of Workers AI by the binding. */
export const callWorkersAi =
  ({ ai, model, timeoutMs }: { ai: AiBinding; model: string; timeoutMs: number }): CallModel =>
  async ({ system, user }) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLong = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), timeoutMs)
    })
    try {
      const given = await Promise.race([
        ai.run(model, {
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user },
          ],
          temperature: 0,
          max_tokens: MOST_OUTPUT_TOKENS,
          response_format: { type: 'json_schema', json_schema: OPINION_SCHEMA },
        }),
        tooLong,
      ])
      if (given === 'late') return err({ tag: 'timed-out', why: `no answer in ${timeoutMs} ms`, retryAfterMs: null })
      const read = Answer.safeParse(given)
      if (!read.success)
        return err({ tag: 'wrong-form', why: 'the binding AI answered in another form', retryAfterMs: null })
      const { response, usage } = read.data
      return ok({
        text: typeof response === 'string' ? response : JSON.stringify(response),
        model,
        tokens: { input: usage?.prompt_tokens ?? 0, output: usage?.completion_tokens ?? 0 },
      })
    } catch (error) {
      const why = (error instanceof Error ? error.message : String(error)).slice(0, MOST_WHY)
      // "JSON Mode couldn't be met": the model gave no answer of the form, and would not the next time.
      if (/JSON Mode/i.test(why)) return err({ tag: 'wrong-form', why, retryAfterMs: null })
      return err({ tag: 'server-error', why, retryAfterMs: null })
    } finally {
      clearTimeout(timer)
    }
  }
