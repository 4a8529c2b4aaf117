import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { Opened, ScanState } from '../protocol.ts'

/** Rows from which on one may look for some by name. */
const MANY_ROWS = 9

interface CornerProps {
  readonly opened: Opened
  readonly scan: ScanState | null
  readonly link: Link
  readonly go: (to: Partial<Link>) => void
}

function readingWords(scan: ScanState | null, lastSeq: number): string {
  if (scan?.isFull === true) return `${scan.rows.length} of ${scan.fitting} in more than ${scan.devices} devices`
  if (scan?.isBroken === true) return `read up to event ${scan.upTo}`
  if (scan?.done !== true) return `reading … ${scan === null ? 0 : Math.floor((100 * scan.upTo) / Math.max(1, lastSeq))} %`
  const { rows, fitting, devices } = scan
  if (fitting === 0 && devices > 0) return `none of ${devices} devices`
  return rows.length === devices
    ? `${devices} devices`
    : `${rows.length} of ${fitting === devices ? '' : `${fitting} in `}${devices} devices`
}

/** What the axis counts, how far the log was read, and which rows there are. */
export function Corner({ opened, scan, link, go }: CornerProps): JSX.Element {
  return (
    <>
      <fieldset class="switch">
        <legend class="unseen">What the axis counts</legend>
        {(['time', 'events'] as const).map((axis) => (
          <label key={axis}>
            <input type="radio" name="axis" checked={link.axis === axis} onChange={() => go({ axis, view: null })} />
            <span>{axis}</span>
          </label>
        ))}
      </fieldset>
      <p class="reading" role="status">
        {readingWords(scan, opened.lastSeq)}
      </p>
      {((scan?.devices ?? 0) >= MANY_ROWS || link.named !== '') && (
        <input
          type="text"
          class="named"
          value={link.named}
          placeholder="rows by name"
          aria-label="Only rows whose name has this in it"
          spellcheck={false}
          onInput={(event) => go({ named: event.currentTarget.value })}
        />
      )}
    </>
  )
}
