import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { EventRow } from '../protocol.ts'
import { EventLine } from './EventLine.tsx'

/** Events that are found at once. */
const FOUND = 200

/** A page of the list: about an event, or those before or behind one. */
interface Page {
  readonly from: number
  readonly way: 'about' | 'earlier' | 'later'
}

interface Found {
  readonly rows: readonly EventRow[]
  readonly hasEarlier: boolean
  readonly hasLater: boolean
}

type Find = (backwards: boolean, from: number, limit: number) => Promise<readonly EventRow[]>

async function pageOf({ from, way }: Page, find: Find): Promise<Found> {
  const half = way === 'about' ? FOUND / 2 : FOUND
  const before = way === 'later' ? [] : await find(true, from, half)
  const behind = way === 'earlier' ? [] : await find(false, way === 'about' ? from + 1 : from, half)
  return {
    rows: [...before.toReversed(), ...behind],
    hasEarlier: way === 'later' || before.length === half,
    hasLater: way === 'earlier' || behind.length === half,
  }
}

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
}

/** The events for which a filter is true, a page at a time. Of another filter, or another device, it is another list (`key`). */
export function FoundEvents({ client, lastSeq, where, device, here, at, version, go }: FoundEventsProps): JSX.Element {
  const [found, setFound] = useState<Found | Error | null>(null)
  const [page, setPage] = useState<Page>({ from: here, way: 'about' })
  const list = useRef<HTMLUListElement>(null)

  useEffect(() => {
    let isOld = false
    const find: Find = (backwards, from, limit) => client.ask('find', { where, device, from, backwards, limit })
    pageOf(page, find).then(
      (told) => isOld || setFound(told),
      (error: Error) => isOld || setFound(error),
    )
    return () => {
      isOld = true
    }
  }, [client, where, device, page, version, lastSeq])
  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [here, found])

  if (found instanceof Error) {
    return (
      <p class="failure" role="alert">
        {found.message}
      </p>
    )
  }
  if (found === null) return <p class="faint">searching …</p>
  const { rows, hasEarlier, hasLater } = found
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
          {rows.length === 0
            ? 'no event fits'
            : hasEarlier || hasLater
              ? `${rows.length} of the events that fit`
              : `${rows.length} events fit`}
        </p>
        <nav aria-label="Pages of events">
          <button type="button" disabled={!hasEarlier} onClick={() => setPage({ from: rows[0]!.seq - 1, way: 'earlier' })}>
            earlier
          </button>
          <button type="button" disabled={!hasLater} onClick={() => setPage({ from: rows.at(-1)!.seq + 1, way: 'later' })}>
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
