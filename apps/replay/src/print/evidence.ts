import type { AnyEvent } from '@devtrail/events'
import type { Names } from '@devtrail/survey'
import { columnsFor, eventLine } from './event.ts'
import type { Style } from './style.ts'
import { clip, padStart } from './text.ts'

/** More events of one type by one task than this are folded into the first, a count, and the last. */
const ALIKE_SHOWN_MAX = 3
/** Lines of evidence shown at most. */
export const EVIDENCE_LINES_MAX = 24

/** Events of one type by one task, in the order of the first of each. */
function groupsOf(events: readonly AnyEvent[]): AnyEvent[][] {
  const groups = Map.groupBy(events, (e) => `${e.type} ${e.actor?.pid ?? ''}`)
  const apart = [...groups.values()].flatMap((group) => (group.length > ALIKE_SHOWN_MAX ? [group] : group.map((e) => [e])))
  return apart.toSorted((a, b) => a[0]!.seq - b[0]!.seq)
}

/** Events as short lines for a report: those of one type by one task folded, on a terminal each line cut to its width. */
export function evidenceLines(events: readonly AnyEvent[], names: Names, style: Style, digits: 6 | 9): string[] {
  const columns = columnsFor(events, names)
  const width = columns.seq
  const line = (event: AnyEvent): string => clip(eventLine(names, event, style, digits, columns), style.cut - 2)
  const lines = groupsOf(events).flatMap((group) => {
    if (group.length === 1) return [line(group[0]!)]
    return [line(group[0]!), style.dim(`${padStart('⋮', width)}  ${group.length - 2} more alike`), line(group.at(-1)!)]
  })
  if (lines.length <= EVIDENCE_LINES_MAX) return lines
  const half = EVIDENCE_LINES_MAX / 2
  return [
    ...lines.slice(0, half),
    style.dim(`${padStart('⋮', width)}  ${lines.length - 2 * half} lines left out; --json has all`),
    ...lines.slice(-half),
  ]
}
