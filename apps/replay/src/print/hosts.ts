/** The hosts of a log of several, and how sure their times are. */
import { seconds, type Json } from '@devtrail/events'
import { clockInWords, hostClocksTold } from '@devtrail/survey'
import type { HostClocks } from '@devtrail/time-travel'
import type { Style } from './style.ts'
import { table } from './table.ts'

export function hostsText(clocks: HostClocks, style: Style): string {
  return table(
    [{ title: 'host' }, { title: 'clock' }, { title: 'offset' }, { title: 'uncertainty' }],
    hostClocksTold(clocks).map((told) => [told.name, ...clockInWords(told)]),
    style.dim,
  )
}

export function hostsJson(clocks: HostClocks, digits: 6 | 9): Json {
  return hostClocksTold(clocks).map(({ name, basis, first, last, uncertainty }) => ({
    name,
    basis,
    offset: basis === 'none' ? null : { first: seconds(first, digits), last: seconds(last, digits) },
    uncertainty: uncertainty && { atLeast: seconds(uncertainty.least, digits), atMost: seconds(uncertainty.most, digits) },
  }))
}
