import { existsSync } from 'node:fs'
import path from 'node:path'

/** The labelled development data beside the checkout, or null on a machine that has none. */
export const DEV_DATA: string | null = (() => {
  const folder = path.resolve(import.meta.dirname, '../../../shared/data/dev')
  return existsSync(folder) ? folder : null
})()

export const NO_DEV_DATA = 'skipped: no development data at ../shared/data/dev'
