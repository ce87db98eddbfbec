// Turns the packages that carry country and network of addresses into the table that is served as a static asset.
// Run by scripts/setup.mjs when the table is missing or a package changed.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildNetworkTable, type CountryRange, type NetworkRange } from '../../core/intel/network-builder.ts'
import { inRoot } from '../local/repository.ts'

const NETWORKS = 'node_modules/@ip-location-db/asn'
const COUNTRIES = 'node_modules/@ip-location-db/geo-whois-asn-country'
const TABLE = inRoot('web/static/vendor/networks.bin')

/** Lines of `first,last,REST`; REST may be quoted. */
function* rows(file: string): Generator<[string, string, string]> {
  for (const line of readFileSync(inRoot(file), 'utf8').split('\n')) {
    const comma = line.indexOf(',')
    const second = line.indexOf(',', comma + 1)
    if (second > 0) yield [line.slice(0, comma), line.slice(comma + 1, second), line.slice(second + 1).trim()]
  }
}

const unquoted = (text: string): string => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text)

function networks<Key extends number | bigint>(file: string, key: (text: string) => Key): NetworkRange<Key>[] {
  return Array.from(rows(file), ([first, last, rest]) => {
    const comma = rest.indexOf(',')
    const name = unquoted(rest.slice(comma + 1))
    return { first: key(first), last: key(last), asn: Number(rest.slice(0, comma)), name }
  })
}

function countries<Key extends number | bigint>(file: string, key: (text: string) => Key): CountryRange<Key>[] {
  return Array.from(rows(file), ([first, last, country]) => ({ first: key(first), last: key(last), country }))
}

const upperHalf = (text: string): bigint => BigInt(text) >> 64n

/** Versions end in the hour of the data, UTC: 2.3.2026061719. */
function asOf(folder: string): number {
  const { version } = JSON.parse(readFileSync(inRoot(`${folder}/package.json`), 'utf8')) as { version: string }
  const hour = /\.(\d{4})(\d{2})(\d{2})(\d{2})$/.exec(version)
  if (!hour) throw new Error(`${folder} ${version} does not tell when its data is of`)
  return Date.UTC(Number(hour[1]), Number(hour[2]) - 1, Number(hour[3]), Number(hour[4]))
}

const table = buildNetworkTable({
  asOf: Math.min(asOf(NETWORKS), asOf(COUNTRIES)),
  v4: {
    networks: networks(`${NETWORKS}/asn-ipv4-num.csv`, Number),
    countries: countries(`${COUNTRIES}/geo-whois-asn-country-ipv4-num.csv`, Number),
  },
  v6: {
    networks: networks(`${NETWORKS}/asn-ipv6-num.csv`, upperHalf),
    countries: countries(`${COUNTRIES}/geo-whois-asn-country-ipv6-num.csv`, upperHalf),
  },
})
mkdirSync(path.dirname(TABLE), { recursive: true })
// Whole or not at all: a table that was cut short would be served.
writeFileSync(`${TABLE}.new`, table)
renameSync(`${TABLE}.new`, TABLE)
