import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { EventRow } from '../protocol.ts'
import { EventLine } from './EventLine.tsx'

/** Events that are found at once. */
const FOUND = 200

interface FoundEventsProps {
  readonly client: WorkerClient
  readonly lastSeq: number
  readonly where: string
  readonly device: string | null
  readonly here: number
  readonly at: number
  /** Changes when names of devices did. */
  readonly version: unknown
  readonly go: (to: Partial<Link>) => void
  readonly fail: (words: string) => void
}

/** The events for which a filter is true, a page at a time. */
export function FoundEvents({ client, lastSeq, where, device, here, at, version, go, fail }: FoundEventsProps): JSX.Element {
  const [rows, setRows] = useState<readonly EventRow[] | null>(null)
  const [from, setFrom] = useState(1)
  const list = useRef<HTMLUListElement>(null)

  useEffect(() => setFrom(1), [where, device])
  useEffect(() => {
    let isOld = false
    client.ask('find', { where, device, from, backwards: false, limit: FOUND }).then(
      (found) => isOld || setRows(found),
      (error: Error) => {
        if (isOld) return
        setRows([])
        fail(error.message)
      },
    )
    return () => {
      isOld = true
    }
  }, [client, where, device, from, version, lastSeq])
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [here, rows])

  if (rows === null) return <p class="faint">searching …</p>
  const move = (event: KeyboardEvent): void => {
    const i = rows.findIndex(({ seq }) => seq === here)
    const to = { ArrowDown: i + 1, ArrowUp: i - 1 }[event.key]
    const row = to === undefined ? undefined : rows[to]
    if (row === undefined) return
    event.preventDefault()
    event.stopPropagation()
    go({ at: row.seq, selected: row.seq, rule: null })
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-current="true"]')?.focus())
  }
  const isHereIn = rows.some(({ seq }) => seq === here)
  return (
    <>
      <div class="fits">
        <p class="faint" role="status">
          {rows.length === 0 ? 'no event fits' : `${rows.length}${rows.length < FOUND ? '' : ' or more'} events fit`}
        </p>
        <nav aria-label="Pages of events">
          <button type="button" disabled={from <= 1} onClick={() => setFrom(1)}>
            first
          </button>
          <button type="button" disabled={rows.length < FOUND} onClick={() => setFrom(rows.at(-1)!.seq + 1)}>
            later
          </button>
        </nav>
      </div>
      <ul ref={list} class="list" onKeyDown={move} style={{ '--seq-digits': String(lastSeq).length }} aria-label="Events that fit">
        {rows.map((row, i) => (
          <li key={row.seq}>
            <EventLine
              row={row}
              isHere={row.seq === here}
              isLater={row.seq > at}
              canBeReached={row.seq === here || (i === 0 && !isHereIn)}
              go={go}
            />
          </li>
        ))}
      </ul>
    </>
  )
}
