import type { ListFormat } from '../indicator.ts'
import { csv } from './csv.ts'
import { ja3 } from './ja3.ts'
import { misp } from './misp.ts'
import { plain } from './plain.ts'
import { stix } from './stix.ts'

/** Every form of list that Picket reads; a new one is a row here. */
export const LIST_FORMATS = { plain, csv, stix, misp, ja3 } as const satisfies Record<string, ListFormat>

export type ListFormatName = keyof typeof LIST_FORMATS
export const LIST_FORMAT_NAMES = Object.keys(LIST_FORMATS) as ListFormatName[]
