import type { z } from 'zod'

/** What is wrong with an input, in a line: `status: …; limit: …`. Holds nothing of the input but its names. */
export const whyInvalid = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')
