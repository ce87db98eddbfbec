// Shows every <time> in the viewer's own zone; UTC stays in its title. Ages are left as they are.
;(() => {
  const whole = { dateStyle: 'short', timeStyle: 'medium' }
  const precise = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  }
  // The Swedish form is ISO 8601's: it reads the same everywhere and sorts.
  const seconds = new Intl.DateTimeFormat('sv-SE', whole)
  const milliseconds = new Intl.DateTimeFormat('sv-SE', precise)
  const zoneName = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })

  const zoneAt = (at) => zoneName.formatToParts(at).find((part) => part.type === 'timeZoneName')?.value ?? ''
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text
  }

  function show() {
    for (const time of document.querySelectorAll('time[datetime]:not([data-as])')) {
      const at = new Date(time.dateTime)
      if (Number.isNaN(at.getTime())) continue
      const inHead = time.closest('[data-zone="in-head"]') !== null
      write(time, inHead ? milliseconds.format(at).replace(',', '.') : `${seconds.format(at)} ${zoneAt(at)}`)
    }
    for (const zone of document.querySelectorAll('.zone')) write(zone, zoneAt(new Date()))
  }

  document.addEventListener('DOMContentLoaded', show)
  document.addEventListener('htmx:after:swap', show)
})()
