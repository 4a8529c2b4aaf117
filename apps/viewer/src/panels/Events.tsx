import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { EventRow } from '../protocol.ts'

/** Events of a page of the list. */
const PAGE = 200
/** Milliseconds that one must stand still before the list follows. */
const SETTLED_MS = 60
/** Events that a filter finds at once. */
const FOUND = 200

interface EventsProps {
  readonly client: WorkerClient
  readonly lastSeq: number
  readonly link: Link
  readonly at: number
  /** Changes when names of devices did. */
  readonly version: unknown
  readonly go: (to: Partial<Link>) => void
}

interface Found {
  readonly rows: readonly EventRow[]
  readonly failure: string | null
}

const NONE: Found = { rows: [], failure: null }

export function Events({ client, lastSeq, link, at, version, go }: EventsProps): JSX.Element {
  const [found, setFound] = useState<Found>(NONE)
  const [onlyRow, setOnlyRow] = useState(false)
  const list = useRef<HTMLUListElement>(null)
  const device = onlyRow ? link.row : null
  const isFiltered = link.where !== '' || device !== null
  const here = link.selected ?? Math.max(1, at)
  const page = Math.floor((here - 1) / PAGE)
  // Of what a filter finds the list begins where one stood when it was asked.
  const [from, setFrom] = useState(1)

  useEffect(() => {
    let isOld = false
    const timer = setTimeout(ask, SETTLED_MS)
    function ask(): void {
      const asked = isFiltered
        ? client.ask('find', { where: link.where, device, from, backwards: false, limit: FOUND })
        : client.ask('events', { from: page * PAGE + 1, to: (page + 1) * PAGE })
      asked.then(
        (rows) => isOld || setFound({ rows, failure: null }),
        (error: Error) => isOld || setFound({ rows: [], failure: error.message }),
      )
    }
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [client, link.where, device, isFiltered, from, isFiltered ? 0 : page, version, lastSeq])

  useEffect(() => setFrom(1), [link.where, device])

  useEffect(() => {
    list.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [here, found])

  const move = (event: KeyboardEvent): void => {
    const { rows } = found
    const i = rows.findIndex(({ seq }) => seq === here)
    const to = { ArrowDown: i + 1, ArrowUp: i - 1 }[event.key]
    const row = to === undefined ? undefined : rows[to]
    if (row === undefined) return
    event.preventDefault()
    event.stopPropagation()
    go({ at: row.seq, selected: row.seq, rule: null })
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-current="true"]')?.focus())
  }

  const last = found.rows.at(-1)?.seq ?? 0
  return (
    <section class="panel events" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <label class="check">
          <input type="checkbox" checked={onlyRow} disabled={link.row === null} onChange={() => setOnlyRow(!onlyRow)} /> only{' '}
          {link.row ?? 'the chosen row'}
        </label>
        <nav aria-label="Pages of events">
          <button
            type="button"
            disabled={isFiltered ? from <= 1 : page === 0}
            onClick={() => (isFiltered ? setFrom(1) : go({ selected: Math.max(1, page * PAGE), rule: null }))}
          >
            {isFiltered ? 'first' : 'earlier'}
          </button>
          <button
            type="button"
            disabled={isFiltered ? found.rows.length < FOUND : last >= lastSeq}
            onClick={() => (isFiltered ? setFrom(last + 1) : go({ selected: Math.min(lastSeq, (page + 1) * PAGE + 1), rule: null }))}
          >
            later
          </button>
        </nav>
      </header>
      {found.failure !== null && (
        <p class="failure" role="alert">
          {found.failure}
        </p>
      )}
      {found.failure === null && isFiltered && (
        <p class="faint" role="status">
          {found.rows.length === 0 ? 'no event fits' : `${found.rows.length}${found.rows.length < FOUND ? '' : ' or more'} events fit`}
        </p>
      )}
      <ul ref={list} class="list" onKeyDown={move}>
        {found.rows.map((row, i) => (
          <li key={row.seq}>
            <button
              type="button"
              tabIndex={row.seq === here || (i === 0 && !found.rows.some(({ seq }) => seq === here)) ? 0 : -1}
              aria-current={row.seq === here ? 'true' : undefined}
              class={row.seq > at ? 'later' : ''}
              onClick={() => go({ at: row.seq, selected: row.seq, rule: null, ...(row.device === null ? {} : { row: row.device }) })}
            >
              <span class="seq">{row.seq}</span>
              <span class="time">{row.time}</span>
              <span class="type">{row.type}</span>
              <span class="words">
                {row.device === null ? '' : <b>{row.device} </b>}
                {row.words}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
