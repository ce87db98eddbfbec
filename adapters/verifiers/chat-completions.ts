import { z } from 'zod'
import { OPINION_SCHEMA } from '../../core/council/opinion-schema.ts'
import { err, ok } from '../../core/result.ts'
import { type CallModel, MOST_OUTPUT_TOKENS } from './model-verifier.ts'
import { type ModelAccess, postJson } from './post-json.ts'

/** Create chat completion (platform.openai.com/docs/api-reference/chat), which xAI answers in the same form. */
const Answer = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number().int().nonnegative().optional(),
      completion_tokens: z.number().int().nonnegative().optional(),
      total_tokens: z.number().int().nonnegative().optional(),
    })
    .nullish(),
})

/** @param path below the base URL */
export const callChatCompletions =
  (access: ModelAccess, path: string): CallModel =>
  async ({ system, user }, now) => {
    const called = await postJson(
      access,
      `${access.baseUrl}${path}`,
      {
        headers: { Authorization: `Bearer ${access.key}` },
        body: {
          model: access.model,
          temperature: 0,
          max_completion_tokens: MOST_OUTPUT_TOKENS,
          messages: [
            { role: 'system', content: system },
            { role: 'user', content: user },
          ],
          response_format: {
            type: 'json_schema',
            json_schema: { name: 'opinion', strict: true, schema: OPINION_SCHEMA },
          },
        },
        form: Answer,
      },
      now,
    )
    if (!called.ok) return called
    const { choices, usage, model = access.model } = called.value
    const input = usage?.prompt_tokens ?? 0
    const tokens = {
      input,
      // xAI counts what its models think into the total only.
      output: Math.max(usage?.completion_tokens ?? 0, (usage?.total_tokens ?? 0) - input),
    }
    const { message, finish_reason } = choices[0]!
    if (message.refusal)
      return err({
        tag: 'refused-to-answer',
        why: 'the model refused',
        retryAfterMs: null,
        tokens,
        answer: message.refusal,
      })
    if (finish_reason === 'content_filter')
      return err({ tag: 'refused-to-answer', why: 'a content filter stopped it', retryAfterMs: null, tokens })
    const text = message.content ?? ''
    if (finish_reason === 'length')
      return err({ tag: 'unreadable-answer', why: 'the answer was cut', retryAfterMs: null, tokens, answer: text })
    return ok({ text, model, tokens })
  }
