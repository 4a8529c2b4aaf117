import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { Opened } from '../protocol.ts'
import { OWNERLESS, type Lane, type Look } from '@devtrail/survey'
import { lastUpTo } from './clock.ts'
import { HEAD_HEIGHT, HEADER_WIDTH, LANE_GAP, LANE_HEIGHT, ROW_PADDING } from './layout.ts'
import { lookWords } from './look-words.ts'
import type { Scale } from './scale.ts'
import { useTypes } from './use-types.ts'
import { rowName, type ShownRow } from './shown-rows.ts'

/** Rows up to which all are there, in view or not. */
const ROWS_ALL = 60
/** Bands and events of a row that are named to those who do not see them. */
const NAMED_MAX = 100

export interface RowListProps {
  readonly client: WorkerClient
  readonly rows: readonly ShownRow[]
  readonly tops: Float64Array
  readonly height: number
  readonly scrollTop: number
  readonly onScroll: (top: number) => void
  readonly at: number
  readonly scale: Scale
  readonly link: Link
  readonly hosts: Opened['hosts']
  readonly go: (to: Partial<Link>) => void
}

/** What lanes show after an event. */
function lookAfter(lane: Lane, seq: number, looks: readonly Look[]): string | null {
  const look = lane.looks[lastUpTo(lane.seqs, seq)] ?? -1
  return look < 0 ? null : lookWords(looks[look]!)
}

/** What a row shows after an event, in words. */
export function rowWords({ row, looks, bins, events }: ShownRow, at: number): string {
  const said = row.lanes.flatMap((lane) => lookAfter(lane, at, looks) ?? [])
  const state = said.length === 0 ? 'nothing known or not there' : said.join('; ')
  return `${bins.isExact ? '' : 'about then '}${state}; ${events} events`
}

const LANE_WORDS = { driver: 'driver', memory: 'pagemap', pages: 'pages', disk: 'disk' } as const

export function RowList({ client, rows, tops, height, scrollTop, onScroll, at, scale, link, hosts, go }: RowListProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const current = Math.max(
    0,
    rows.findIndex(({ row }) => row.key === link.row),
  )
  useEffect(() => {
    const element = box.current
    if (element === null || link.row === null || tops.length < 2) return
    if (tops[current]! < element.scrollTop) element.scrollTop = tops[current]!
    else if (tops[current + 1]! > element.scrollTop + height) element.scrollTop = tops[current + 1]! - height
  }, [link.row])
  // The row that is come to by key gets the focus as soon as it is there.
  const wantsFocus = useRef(false)
  useLayoutEffect(() => {
    if (!wantsFocus.current) return
    const row = box.current?.querySelector<HTMLElement>(`[data-row="${current}"]`)
    if (row == null || rows[current]?.row.key !== link.row) return
    wantsFocus.current = false
    row.focus()
  })
  const move = (event: KeyboardEvent): void => {
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, Home: 0, End: rows.length - 1 }[event.key]
    const row = to === undefined ? undefined : rows[to]
    if (row === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    go({ row: row.row.key })
    wantsFocus.current = true
  }
  const isAll = rows.length <= ROWS_ALL
  const first = isAll ? 0 : Math.max(0, lastUpTo(tops, scrollTop))
  const shown: JSX.Element[] = []
  const end = isAll ? rows.length : Math.min(rows.length, lastUpTo(tops, scrollTop + height) + 1)
  for (let i = first; i < end; i++) {
    const one = rows[i]!
    const { row } = one
    shown.push(
      <li
        key={row.key}
        style={{ top: `${tops[i]!}px`, height: `${tops[i + 1]! - tops[i]!}px` }}
        class={i === current && link.row !== null ? 'current' : ''}
      >
        {one.lead > 0 && row.host !== null && <HostLine name={row.host} hosts={hosts} height={one.lead} />}
        <button
          type="button"
          class="row"
          data-row={i}
          style={{ top: `${one.lead}px` }}
          tabIndex={i === current ? 0 : -1}
          aria-current={i === current ? 'true' : undefined}
          onClick={() => go({ row: row.key })}
          onKeyDown={move}
        >
          {row.host !== null && <span class="unseen">{row.host}: </span>}
          <strong>{row.host === null ? rowName(row.key) : row.key.slice(row.host.length + 1)}</strong>
          <small> {row.key === OWNERLESS ? 'or none is known' : (row.kind ?? 'kind ?')}</small>
          <span class="unseen">: {rowWords(one, at)}</span>
        </button>
        <div class="lanes" aria-hidden="true" style={{ top: `${one.lead}px` }}>
          {row.lanes.map(({ name }, n) => (
            <span key={name} style={{ top: `${ROW_PADDING + n * (LANE_HEIGHT + LANE_GAP)}px` }}>
              {LANE_WORDS[name]}
            </span>
          ))}
        </div>
        {i === current && <Named client={client} of={one} scale={scale} go={go} />}
      </li>,
    )
  }
  return (
    <div
      class="rows"
      ref={box}
      style={{ top: `${HEAD_HEIGHT}px`, width: `${HEADER_WIDTH}px`, height: `${height}px` }}
      onScroll={(event) => onScroll(event.currentTarget.scrollTop)}
    >
      <ul style={{ height: `${tops.at(-1) ?? 0}px` }} aria-label="Devices">
        {shown}
      </ul>
    </div>
  )
}

/** Where the rows of a host begin: its name, and how its clock stands to the others. */
function HostLine({
  name,
  hosts,
  height,
}: {
  readonly name: string
  readonly hosts: Opened['hosts']
  readonly height: number
}): JSX.Element {
  const clock = hosts.find((host) => host.name === name)?.clock ?? []
  const words = clock.length === 1 ? `${clock[0]} clock` : `${clock.slice(1).join(' ')} ${clock[0]}`
  return (
    <h3 class="host" style={{ height: `${height}px` }} title={clock.length === 0 ? name : `${name}: clock ${words}`}>
      <span class="unseen">host </span>
      {name}{' '}
      {clock.length > 0 && (
        <small>
          {clock.length > 1 && <span class="unseen">clock </span>}
          {words}
        </small>
      )}
    </h3>
  )
}

interface NamedProps {
  readonly client: WorkerClient
  readonly of: ShownRow
  readonly scale: Scale
  readonly go: RowListProps['go']
}

/** The same element for as long as the same is in view: travelling changes nothing of it. */
function Named({ client, of, scale, go }: NamedProps): JSX.Element {
  return useMemo(() => <NamedNow client={client} of={of} scale={scale} go={go} />, [client, of, scale.axis, scale.from, scale.to, go])
}

/** The bands of a lane that are in view, some of the first. */
function bandsIn(lane: Lane, scale: Scale): { readonly lane: Lane; readonly n: number }[] {
  const from = scale.axis === 'time' ? lane.times : lane.seqs
  const bands: { readonly lane: Lane; readonly n: number }[] = []
  for (let n = Math.max(0, lastUpTo(from, scale.from)); n < from.length && from[n]! <= scale.to && bands.length < NAMED_MAX; n++) {
    if (lane.looks[n]! >= 0) bands.push({ lane, n })
  }
  return bands
}

/** The places of the first bins of a row that are in view. */
function binsIn({ row, bins }: ShownRow, scale: Scale): number[] {
  const found: number[] = []
  for (let n = Math.max(0, lastUpTo(row.bins, bins.upTo(scale.axis, scale.from))); n < row.bins.length && found.length < NAMED_MAX; n++) {
    const place = bins.placeOf(scale.axis, row.bins[n]!)
    if (place > scale.to) break
    if (place >= scale.from) found.push(n)
  }
  return found
}

/** One Tab leads to the list, arrows from one of it to the next. */
function rove(event: KeyboardEvent): void {
  const list = (event.target as HTMLElement).closest('ul')
  const all = [...(list?.querySelectorAll('button') ?? [])]
  const here = all.indexOf(event.target as HTMLButtonElement)
  const to = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key]
  const next = to === undefined || here < 0 ? undefined : all[to]
  if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return
  event.preventDefault()
  event.stopPropagation()
  all[here]!.tabIndex = -1
  next.tabIndex = 0
  next.focus()
}

/** The bands and events of a row that are in view, for those who do not see the canvas. */
function NamedNow({ client, of, scale, go }: NamedProps): JSX.Element {
  const { row, looks } = of
  const bands = row.lanes.flatMap((lane) => bandsIn(lane, scale))
  const events = binsIn(of, scale)
  const isExact = of.bins.isExact && events.length > 0
  const types = useTypes(client, row.key, isExact ? of.bins.seqOf(row.bins[events[0]!]!) : null, NAMED_MAX)
  return (
    <div class="unseen" onKeyDown={rove}>
      <ul aria-label={`States of ${rowName(row.key)} in view`}>
        {bands.slice(0, NAMED_MAX).map(({ lane, n }, i) => (
          <li key={`${lane.name} ${n}`}>
            <button type="button" tabIndex={i === 0 ? 0 : -1} onClick={() => go({ at: lane.seqs[n]!, row: row.key })}>
              {`${LANE_WORDS[lane.name]} of ${rowName(row.key)}: ${lookWords(looks[lane.looks[n]!]!)}, from event ${lane.seqs[n]}`}
            </button>
          </li>
        ))}
      </ul>
      <ul aria-label={`Events of ${rowName(row.key)} in view`}>
        {events.map((n, i) => {
          const seq = of.bins.seqOf(row.bins[n]!)
          const type = types.get(seq)
          const name = of.bins.isExact
            ? `event ${seq} of ${rowName(row.key)}${type === undefined ? '' : `: ${type}`}`
            : `${row.counts[n]} events of ${rowName(row.key)} from event ${seq} on`
          return (
            <li key={n}>
              <button type="button" tabIndex={i === 0 ? 0 : -1} onClick={() => go({ at: seq, selected: seq, rule: null, row: row.key })}>
                {name}
              </button>
            </li>
          )
        })}
      </ul>
    </div>
  )
}
