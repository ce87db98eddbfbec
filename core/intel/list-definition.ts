import { z } from 'zod'
import { LIST_FORMAT_NAMES } from './formats/formats.ts'
import { SCALES } from './indicator.ts'
import { LIST_KINDS } from './list-kinds.ts'

const HOUR_MINUTES = 60
const YEAR_DAYS = 366

const WebAddress = z
  .string()
  .max(2000)
  .refine((text) => /^https?:\/\/[^\s@/]+/i.test(text), 'a web address (http or https, without user name)')

/** What a user says of a list. As text, because it comes in the address of a request. */
export const ListDefinition = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .regex(/[\p{L}\p{N}]/u, 'a name holds a letter or digit'),
  kind: z.enum(LIST_KINDS).default('blocklist'),
  format: z.enum(LIST_FORMAT_NAMES as [string, ...string[]]).default('plain') as unknown as z.ZodType<
    (typeof LIST_FORMAT_NAMES)[number]
  >,
  scale: z.enum(SCALES).default('count'),
  weight: z.coerce.number().min(0).max(1).default(1),
  licence: z.string().trim().min(1).max(120).optional(),
  url: WebAddress.optional(),
  refresh_minutes: z.coerce
    .number()
    .int()
    .min(15)
    .max(40_320)
    .default(24 * HOUR_MINUTES),
  as_of: z.iso.datetime({ offset: true }).optional(),
  max_age_days: z.coerce.number().positive().max(YEAR_DAYS).default(30),
  leave_out_refused: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true'),
})
export type ListDefinition = z.output<typeof ListDefinition>

/** The same name is the same list. */
export const listIdOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
