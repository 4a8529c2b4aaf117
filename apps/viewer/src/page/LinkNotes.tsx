import { OWNERLESS } from '@devtrail/survey'
import type { JSX } from 'preact'
import type { ScanState } from '../protocol.ts'
import type { Link } from './link.ts'

interface LinkNotesProps {
  readonly asked: Link
  readonly unread: readonly string[]
  readonly shown: Link
  readonly at: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly scan: ScanState | null
}

/** What a link asks for that this log does not have, so that nobody takes what is shown for it. */
export function LinkNotes({ asked, unread, shown, at, firstSeq, lastSeq, scan }: LinkNotesProps): JSX.Element | null {
  const has = `this log has ${lastSeq < firstSeq ? 'no events' : `events ${firstSeq} to ${lastSeq}`}`
  const notes = [
    ...unread.map((part) => `the link’s “${part.slice(0, 80)}” cannot be read, and is left out`),
    ...(asked.at !== null && asked.at !== at ? [`the link is about event ${asked.at}; ${has}, and event ${at} is shown`] : []),
    ...(asked.compare !== shown.compare ? [`the link compares with event ${asked.compare}; ${has}, and it is event ${shown.compare}`] : []),
    ...(lacksRow(asked, scan) ? [`the link is about the row “${asked.row!.slice(0, 80)}”, which this log does not have`] : []),
  ]
  if (notes.length === 0) return null
  return (
    <ul class="failure banner link-notes" role="alert">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  )
}

/** Whether the rows are all told, and the one that is asked for is not among them. */
function lacksRow({ row, named }: Link, scan: ScanState | null): boolean {
  if (row === null || row === OWNERLESS || named !== '' || scan === null || !scan.done || scan.rows.length < scan.devices) return false
  return !scan.rows.some(({ key }) => key === row) && !scan.renamed.some(({ from }) => from === row)
}
