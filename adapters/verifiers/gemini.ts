import { z } from 'zod'
import { OPINION_SCHEMA } from '../../core/council/opinion-schema.ts'
import { err, ok } from '../../core/result.ts'
import { type CallModel, MOST_OUTPUT_TOKENS } from './model-verifier.ts'
import { type ModelAccess, postJson } from './post-json.ts'

/** models.generateContent (ai.google.dev/api/generate-content), as much of its answer as is used. */
const Answer = z.object({
  candidates: z
    .array(
      z.object({
        content: z
          .object({
            parts: z.array(z.object({ text: z.string().optional(), thought: z.boolean().optional() })).optional(),
          })
          .optional(),
        finishReason: z.string().optional(),
      }),
    )
    .optional(),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().int().nonnegative().optional(),
      candidatesTokenCount: z.number().int().nonnegative().optional(),
      thoughtsTokenCount: z.number().int().nonnegative().optional(),
    })
    .optional(),
  modelVersion: z.string().optional(),
})

/** Gemini by its REST API, with structured output. The key goes in a header: addresses end up in logs. */
export const callGemini =
  (access: ModelAccess): CallModel =>
  async ({ system, user }, now) => {
    const called = await postJson(
      access,
      `${access.baseUrl}/v1beta/models/${access.model}:generateContent`,
      {
        headers: { 'x-goog-api-key': access.key },
        body: {
          systemInstruction: { parts: [{ text: system }] },
          contents: [{ role: 'user', parts: [{ text: user }] }],
          generationConfig: {
            temperature: 0,
            maxOutputTokens: MOST_OUTPUT_TOKENS,
            responseMimeType: 'application/json',
            responseJsonSchema: OPINION_SCHEMA,
          },
        },
        form: Answer,
      },
      now,
    )
    if (!called.ok) return called
    const { candidates, promptFeedback, usageMetadata, modelVersion = access.model } = called.value
    const tokens = {
      input: usageMetadata?.promptTokenCount ?? 0,
      // Thoughts are paid as output.
      output: (usageMetadata?.candidatesTokenCount ?? 0) + (usageMetadata?.thoughtsTokenCount ?? 0),
    }
    const refused = (why: string) => err({ tag: 'refused-to-answer' as const, why, retryAfterMs: null, tokens })
    if (promptFeedback?.blockReason)
      return refused(`the prompt was blocked: ${promptFeedback.blockReason.slice(0, 60)}`)
    const [candidate] = candidates ?? []
    const text = (candidate?.content?.parts ?? []).map((part) => (part.thought ? '' : (part.text ?? ''))).join('')
    const reason = candidate?.finishReason ?? 'STOP'
    if (reason === 'MAX_TOKENS')
      return err({ tag: 'unreadable-answer', why: 'the answer was cut', retryAfterMs: null, tokens, answer: text })
    if (reason !== 'STOP') return refused(`it stopped: ${reason.slice(0, 60)}`)
    return ok({ text, model: modelVersion, tokens })
  }
