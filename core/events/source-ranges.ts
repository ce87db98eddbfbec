import ipaddr from 'ipaddr.js'

/**
 * True for canonical addresses inside one of the networks. A text that is no network in CIDR form lets nothing pass: a
 * scope that cannot be read must not become a wider one.
 */
export function withinRanges(ranges: string[]): (address: string) => boolean {
  const networks = ranges.filter((range) => ipaddr.isValidCIDR(range)).map((range) => ipaddr.parseCIDR(range))
  return (text) => {
    const address = ipaddr.parse(text)
    return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))
  }
}
