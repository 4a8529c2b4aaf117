import type { AnyEvent } from '@devtrail/events'
import type { Cause } from '@devtrail/time-travel'
import type { Names } from '@devtrail/survey'
import { columnsFor, eventLine } from './event.ts'
import type { Style } from './style.ts'
import { clip } from './text.ts'

/** An event and what led to it, nearest first; `lookup`: by which whoever took a page came to it. */
export function whyText(
  told: { readonly event: AnyEvent; readonly causes: readonly Cause[]; readonly lookup: AnyEvent | null },
  names: Names,
  style: Style,
  digits: 6 | 9,
): string {
  const events = [told.event, ...told.causes.map(({ event }) => event)]
  const columns = columnsFor(told.lookup === null ? events : [...events, told.lookup], names)
  const line = (event: AnyEvent): string => `${clip(eventLine(names, event, style, digits, columns), style.cut)}\n`
  const lines = events.map(line)
  const through = told.lookup === null ? '' : `${style.dim('through the lookup')}\n${line(told.lookup)}`
  return `${lines.join('')}${told.causes.length === 0 ? style.dim('no cause of it is recorded; devtrail check tells whether a broken rule explains it\n') : ''}${through}`
}
