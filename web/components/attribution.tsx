import type { FC } from 'hono/jsx'

const CC_BY = 'https://creativecommons.org/licenses/by/4.0/'

/** What the licences of the shipped tables ask for. */
export const Attribution: FC = () => (
  <p class="hint">
    Networks by <a href="https://www.routeviews.org/routeviews/">RouteViews</a> and{' '}
    <a href="https://db-ip.com">IP Geolocation by DB-IP</a> (<a href={CC_BY}>CC BY 4.0</a>), countries from whois and
    geofeeds of the <a href="https://www.nro.net/">NRO</a>’s registries (<a href={CC_BY}>CC BY 4.0</a>), both laid out
    as tables by ip-location-db and combined by Picket.
  </p>
)
