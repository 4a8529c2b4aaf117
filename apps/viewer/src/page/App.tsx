import type { JSX } from 'preact'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Detail } from '../panels/Detail.tsx'
import { Events } from '../panels/Events.tsx'
import { Help } from '../panels/Help.tsx'
import { StatePanel } from '../panels/StatePanel.tsx'
import type { ChangeRow, LogPlace, Opened, ScanState, StateAt, Why } from '../protocol.ts'
import { Clock } from '../timeline/clock.ts'
import { placeOf, within, zoomed } from '../timeline/scale.ts'
import { Timeline } from '../timeline/Timeline.tsx'
import { Bookmarks } from './Bookmarks.tsx'
import type { Bookmark, BookmarkStore } from './bookmarks.ts'
import { press, type KeyActions } from './keys.ts'
import { linkText, type Link } from './link.ts'
import { LinkNotes } from './LinkNotes.tsx'
import { Search } from './Search.tsx'
import { Transport } from './Transport.tsx'
import { useLink } from './use-link.ts'
import { useNewest } from './use-newest.ts'
import { useWindow } from './use-window.ts'
import type { WorkerClient } from './worker-client.ts'

export interface AppProps {
  readonly client: WorkerClient
  readonly place: LogPlace
  readonly fold: string
  readonly name: string
  readonly bookmarks: BookmarkStore
}

export function App({ client, place: logPlace, fold, name, bookmarks: store }: AppProps): JSX.Element {
  const [asked, go, unread] = useLink()
  const [opened, setOpened] = useState<Opened | null>(null)
  const [scan, setScan] = useState<ScanState | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const [notice, setNotice] = useState<string | null>(null)
  const [isHelping, setHelping] = useState(false)
  const [said, setSaid] = useState('')
  const [bookmarks, setBookmarks] = useState<readonly Bookmark[]>(() => store.load())

  useEffect(() => {
    client.onScan = setScan
    client.onGrown = setOpened
    client.onFailure = setFailure
    client.onNotice = setNotice
    performance.mark('devtrail open')
    client.ask('open', { place: logPlace, fold }).then(setOpened, (error: Error) => setFailure(error.message))
  }, [client])

  const keep = (next: readonly Bookmark[]): void => {
    setBookmarks(next)
    store.save(next)
  }

  const firstSeq = opened?.firstSeq ?? 1
  const lastSeq = opened?.lastSeq ?? 0
  /** Behind nothing: the baseline, or what was known where the log begins. */
  const start = firstSeq - 1
  /** What a link says of a log that was longer, or had its head, is meant of what there is. */
  const there = (seq: number): number => Math.max(start, Math.min(seq, lastSeq))
  const link: Link = { ...asked, compare: asked.compare === null ? null : there(asked.compare) }
  const at = there(asked.at ?? lastSeq)

  const isFiltered = useRef(false)
  useEffect(() => {
    if (opened === null || (link.named === '' && !isFiltered.current)) return
    isFiltered.current = true
    client.ask('rows', { named: link.named }).catch((error: Error) => setFailure(error.message))
  }, [client, opened === null, link.named])

  const askState = useCallback((of: { seq: number; row: string | null }) => client.ask('state', of), [client])
  const askWhy = useCallback((seq: number) => client.ask('why', seq), [client])
  const askCompare = useCallback((of: { from: number; to: number }) => client.ask('compare', of), [client])
  const isReady = opened !== null
  const state = useNewest<{ seq: number; row: string | null }, StateAt>(
    askState,
    isReady ? { seq: at, row: link.row ?? scan?.rows[0]?.key ?? null } : null,
    setFailure,
  )
  const why = useNewest<number, Why | null>(askWhy, isReady && link.selected !== null ? link.selected : null, setFailure, scan?.done)
  const moments = isReady && link.compare !== null ? { from: Math.min(at, link.compare), to: Math.max(at, link.compare) } : null
  const changes = useNewest<{ from: number; to: number }, readonly ChangeRow[]>(askCompare, moments, setFailure)

  const limits = useMemo((): readonly [number, number] => {
    if (opened === null || lastSeq < firstSeq) return [start, firstSeq]
    if (link.axis === 'events') return [start + 0.5, lastSeq + 1.5]
    const margin = Math.max(1000, (opened.maxTime - opened.minTime) * 0.01)
    return [opened.minTime - margin, opened.maxTime + margin]
  }, [opened, link.axis])
  const view = within(link.axis, link.view ?? limits, limits)
  const [rowsInView, setRowsInView] = useState<readonly string[]>([])
  const roughly = useMemo(() => (opened === null ? null : new Clock(opened, scan)), [opened, scan])
  const window = useWindow({ client, scan, clock: roughly, axis: link.axis, view, rows: rowsInView }, setFailure)
  const clock = useMemo(() => (opened === null ? null : window === null ? roughly : new Clock(opened, scan, window)), [roughly, window])
  const violations = scan?.violations ?? []

  // A row whose name turns out to be shared has another key: whoever chose it stays on it.
  useEffect(() => {
    const renaming = scan?.renamed.find(({ from }) => from === link.row)
    if (renaming === undefined || scan!.rows.some(({ key }) => key === link.row)) return
    go({ row: renaming.to })
    setSaid(`${renaming.from} is now called ${renaming.to}: several devices have that name`)
  }, [scan?.renamed, link.row])

  // What a screen reader is told: where one is now, and what that event was.
  useEffect(() => {
    if (why !== null && why.event.seq === link.selected) {
      const { seq, type, device, time, words } = why.event
      setSaid(`event ${seq}, ${type}${device === null ? '' : ` on ${device}`}, at ${time} seconds. ${words}`)
    } else if (state !== null) setSaid(`after event ${state.at.seq}`)
  }, [why, state?.at.seq])

  // Who travels out of the view takes it along; a link that is opened is shown as it was meant.
  const place = clock === null ? null : placeOf(link.axis, at, clock.timeOf(at))
  const seen = useRef<{ readonly at: number; readonly view: string } | null>(null)
  useEffect(() => {
    if (place === null) return
    const before = seen.current
    seen.current = { at, view: `${link.axis} ${String(link.view)}` }
    if (before === null || before.at === at || before.view !== seen.current.view || link.view === null || asked.at === null) return
    if (place >= view[0] && place <= view[1]) return
    go({ view: within(link.axis, aroundOf(place, view), limits) })
  }, [at, place === null, link.axis, String(link.view)])

  const travel = (seq: number): void => go({ at: seq, selected: seq > start ? seq : null, rule: null })
  const actions: KeyActions = {
    zoom: (factor) => {
      const here = clock === null ? (view[0] + view[1]) / 2 : placeOf(link.axis, at, clock.timeOf(at))
      const about = here >= view[0] && here <= view[1] ? here : (view[0] + view[1]) / 2
      go({ view: within(link.axis, zoomed(view, about, factor), limits) })
    },
    pan: (part) => go({ view: within(link.axis, [view[0] + part * (view[1] - view[0]), view[1] + part * (view[1] - view[0])], limits) }),
    step: (by) => travel(there(at + by)),
    neighbour: (backwards) => {
      const from = backwards ? at - 1 : at + 1
      client.ask('find', { where: link.where, device: link.row, from, backwards, limit: 1 }).then(
        ([row]) => (row === undefined ? setSaid(`no ${backwards ? 'earlier' : 'later'} event`) : travel(row.seq)),
        (error: Error) => setFailure(error.message),
      )
    },
    violation: (backwards) => {
      const sorted = violations.toSorted((a, b) => a.seq - b.seq)
      const next = backwards
        ? sorted.findLast(({ seq }) => seq < at)
        : (sorted.find(({ seq }) => seq > at) ?? (link.rule === null ? sorted[0] : undefined))
      if (next === undefined) setSaid('no more violations')
      else go({ at: next.seq, selected: next.seq, rule: next.rule, ...(next.device === null ? {} : { row: next.device }) })
    },
    fit: () => {
      if (clock === null) return
      // Near an end of the log there is no more of a middle than this.
      const middle = within(link.axis, aroundOf(placeOf(link.axis, at, clock.timeOf(at)), view), limits)
      const isThere = Math.abs(middle[0] - view[0]) < (view[1] - view[0]) * 0.02
      go({ view: isThere || link.view === null ? null : middle })
    },
    end: (isStart) => travel(isStart ? start : lastSeq),
    compare: () => go(link.compare === null ? { compare: at, tab: 'compare' } : { compare: null }),
    bookmark: () => {
      const here = linkText({ ...link, at })
      if (!bookmarks.some((b) => b.link === here)) keep([...bookmarks, { note: `event ${at}`, link: here }])
      setSaid(`bookmarked event ${at}`)
    },
    search: () => document.getElementById('search')?.focus(),
    help: () => setHelping(true),
    forget: () => go({ selected: null, rule: null }),
  }
  const act = useRef(actions)
  act.current = actions
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (document.querySelector('dialog[open]') === null && press(event, act.current)) event.preventDefault()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])

  const onField = (device: string, path: string, backwards: boolean): void => {
    client.ask('change', { path, device, from: backwards ? at - 1 : at, backwards }).then(
      (seq) =>
        seq === null
          ? setSaid(`${path} of ${device} does not change ${backwards ? 'before' : 'after'} event ${at}`)
          : go({ at: seq, selected: seq, rule: null, row: device }),
      (error: Error) => setFailure(error.message),
    )
  }

  return (
    <main>
      <header class="top">
        <h1>
          <span>{name}</span> <small title={opened?.kernel ?? undefined}>{opened?.kernel ?? ''}</small>
        </h1>
        <Search client={client} link={link} device={link.row || (scan?.rows[0]?.key ?? null)} go={go} say={setSaid} />
        <Bookmarks store={store} bookmarks={bookmarks} change={keep} name={name} />
        <button type="button" onClick={() => setHelping(true)} aria-label="Help: keys and what the looks mean">
          ?
        </button>
      </header>
      {failure !== null && (
        <p class="failure banner" role="alert">
          {failure}{' '}
          <button type="button" onClick={() => setFailure(null)}>
            Dismiss
          </button>
        </p>
      )}
      {notice !== null && (
        <p class="failure banner" role="alert">
          {notice}{' '}
          <button type="button" onClick={() => location.reload()}>
            Reload
          </button>
        </p>
      )}
      {opened !== null && (
        <LinkNotes asked={asked} unread={unread} shown={link} at={at} firstSeq={firstSeq} lastSeq={lastSeq} scan={scan} />
      )}
      <Notes opened={opened} scan={scan} />
      {opened !== null && clock !== null ? (
        <>
          <Timeline
            client={client}
            opened={opened}
            scan={scan}
            window={window}
            clock={clock}
            link={link}
            at={at}
            limits={limits}
            view={view}
            go={go}
            why={why}
            onRows={setRowsInView}
          />
          <Transport at={at} firstSeq={firstSeq} lastSeq={lastSeq} state={state} travel={travel} actions={actions} said={said} />
          <div class="panels">
            <StatePanel
              client={client}
              state={state}
              at={at}
              link={link}
              changes={changes}
              go={go}
              onField={onField}
              fallback={scan?.rows[0]?.key ?? null}
              fail={setFailure}
            />
            <Events client={client} firstSeq={firstSeq} lastSeq={lastSeq} link={link} at={at} version={scan?.done} go={go} />
            <Detail link={link} why={why} violations={violations} go={go} />
          </div>
        </>
      ) : (
        failure === null && <p class="opening">Opening the log …</p>
      )}
      <p class="unseen" role="status" aria-live="polite">
        {said}
      </p>
      {isHelping && <Help close={() => setHelping(false)} />}
    </main>
  )
}

/** A view of the same width with a place in its middle. */
const aroundOf = (place: number, [from, to]: readonly [number, number]): readonly [number, number] => [
  place - (to - from) / 2,
  place + (to - from) / 2,
]

/** What limits what can be said of the whole log. */
function Notes({ opened, scan }: { readonly opened: Opened | null; readonly scan: ScanState | null }): JSX.Element | null {
  if (opened === null) return null
  const notes = [
    ...(scan?.isFull === true
      ? [
          `the timeline and the list of what is broken end at event ${scan.upTo}: a page holds ${scan.devices} devices; states, events and searches have all`,
        ]
      : []),
    ...(scan?.isBroken === true
      ? [
          `the timeline and the list of what is broken end at event ${scan.upTo}: what follows cannot be read; states, events and searches have what is not damaged`,
        ]
      : []),
    ...(opened.lost !== null && opened.lost > 0 ? [`${opened.lost} entries were lost: what they said is unknown`] : []),
    ...(opened.complete === false && opened.lost === 0 ? ['the recording is not complete'] : []),
    ...opened.notes,
  ]
  if (notes.length === 0) return null
  return (
    <details class="notes">
      <summary>
        {notes.length} {notes.length === 1 ? 'note' : 'notes'} about what the recording cannot tell
      </summary>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  )
}
