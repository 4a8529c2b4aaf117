import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { EventRow } from '../protocol.ts'

export const UNORDERED = 'clocks do not tell whether it happened before events of other hosts that stand before it'

interface EventLineProps {
  readonly row: EventRow
  readonly isHere: boolean
  /** Behind where one stands: it has not happened yet. */
  readonly isLater: boolean
  readonly canBeReached: boolean
  readonly go: (to: Partial<Link>) => void
}

/** One event of a list. */
export function EventLine({ row, isHere, isLater, canBeReached, go }: EventLineProps): JSX.Element {
  return (
    <button
      type="button"
      tabIndex={canBeReached ? 0 : -1}
      aria-current={isHere ? 'true' : undefined}
      class={isLater ? 'later' : ''}
      onClick={() => go({ at: row.seq, selected: row.seq, rule: null, ...(row.device === null ? {} : { row: row.device }) })}
    >
      <span class="seq">{row.seq}</span>
      <span class="time" title={row.unordered === true ? UNORDERED : undefined}>
        {row.unordered === true && <span class="unknown">~</span>}
        {row.time}
      </span>
      <span class="type">{row.type}</span>
      <span class="words">
        {row.device !== null ? <b>{row.device} </b> : row.host === undefined ? '' : <b>{row.host}: </b>}
        {row.words}
      </span>
    </button>
  )
}
