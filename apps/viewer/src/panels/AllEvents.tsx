import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { EventRow } from '../protocol.ts'
import { EventLine } from './EventLine.tsx'
import { isScaled, lastTop, LINE_PX, scrollHeight, scrollTopFor, topAt, topFor } from './event-scroll.ts'

/** Events that are asked for at once, from a multiple of it on. */
const CHUNK = 128
/** Chunks that are kept. */
const CHUNKS_MAX = 8
/** Milliseconds that one must stand still before events are asked for. */
const SETTLED_MS = 60

interface AllEventsProps {
  readonly client: WorkerClient
  readonly firstSeq: number
  readonly lastSeq: number
  readonly here: number
  readonly at: number
  /** Changes when names of devices may have: what is kept is asked for anew. */
  readonly version: unknown
  readonly go: (to: Partial<Link>) => void
  readonly fail: (words: string) => void
}

/** The events of a log, of which only those in view are there: one scroll bar for all. */
export function AllEvents({ client, firstSeq, lastSeq, here, at, version, go, fail }: AllEventsProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const [lines, setLines] = useState(16)
  const [top, setTop] = useState(0)
  const [chunks, setChunks] = useState<ReadonlyMap<number, readonly EventRow[]>>(new Map())
  const isMovedHere = useRef(false)
  const count = lastSeq - firstSeq + 1
  const size = { count, lines }

  useLayoutEffect(() => {
    const element = box.current!
    const look = (): void => setLines(Math.max(1, element.clientHeight / LINE_PX))
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  useEffect(() => setChunks(new Map()), [version])
  useEffect(() => setTop((now) => topFor(size, now, here - firstSeq)), [here, lines, count])

  // The scroll bar follows what is on top, unless it is where that comes from.
  useLayoutEffect(() => {
    const element = box.current!
    if (topAt(size, element.scrollTop) === top) return
    isMovedHere.current = true
    element.scrollTop = scrollTopFor(size, top)
  }, [top, lines, count])

  const first = Math.floor(top / CHUNK)
  const last = Math.floor((top + lines + 1) / CHUNK)
  useEffect(() => {
    const missing = [first, last].filter((n, i, all) => all.indexOf(n) === i && n * CHUNK < count && isMissing(chunks.get(n), n, count))
    if (missing.length === 0) return undefined
    let isOld = false
    const timer = setTimeout(() => {
      for (const n of missing) {
        client.ask('events', { from: firstSeq + n * CHUNK, to: firstSeq + (n + 1) * CHUNK - 1 }).then(
          (rows) => isOld || setChunks((kept) => new Map([...[...kept].filter(([m]) => m !== n).slice(1 - CHUNKS_MAX), [n, rows]])),
          (error: Error) => isOld || fail(error.message),
        )
      }
    }, SETTLED_MS)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  }, [first, last, chunks, count])

  // The line that is come to by key gets the focus as soon as it is there; until then the list has it.
  const wantsFocus = useRef(false)
  useLayoutEffect(() => {
    if (!wantsFocus.current) return
    const line = box.current!.querySelector<HTMLElement>(`[data-seq="${here}"] button`)
    if (line === null) return
    wantsFocus.current = false
    line.focus({ preventScroll: true })
  })
  const move = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(lines) - 1)
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page }[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const seq = Math.min(lastSeq, Math.max(firstSeq, here + by))
    go({ at: seq, selected: seq, rule: null })
    wantsFocus.current = true
    box.current!.focus({ preventScroll: true })
  }
  const wheel = (event: WheelEvent): void => {
    if (!isScaled(size)) return
    event.preventDefault()
    setTop((now) => Math.min(lastTop(size), Math.max(0, now + Math.round(event.deltaY / LINE_PX))))
  }
  const scrolled = (): void => {
    if (isMovedHere.current) isMovedHere.current = false
    else setTop(topAt(size, box.current!.scrollTop))
  }

  const shown: JSX.Element[] = []
  for (let line = top; line < Math.min(count, top + Math.ceil(lines) + 1); line++) {
    const seq = firstSeq + line
    const row = chunks.get(Math.floor(line / CHUNK))?.[line % CHUNK]
    shown.push(
      <li key={seq} data-seq={seq} aria-posinset={line + 1} aria-setsize={count}>
        {row === undefined ? (
          <span class="line">
            <span class="seq">{seq}</span>
          </span>
        ) : (
          <EventLine
            row={row}
            isHere={seq === here}
            isLater={seq > at}
            canBeReached={seq === here || (line === top && !isIn(here - firstSeq, top, lines))}
            go={go}
          />
        )}
      </li>,
    )
  }
  return (
    <div
      class="list all"
      ref={box}
      tabIndex={0}
      role="group"
      aria-label="All events, by number"
      onScroll={scrolled}
      onWheel={wheel}
      onKeyDown={move}
    >
      <div style={{ height: `${scrollHeight(size)}px` }}>
        <ul style={{ '--seq-digits': String(lastSeq).length }} aria-label="All events">
          {shown}
        </ul>
      </div>
    </div>
  )
}

const isIn = (line: number, top: number, lines: number): boolean => line >= top && line < top + lines

/** Whether a chunk is not there, or was the last of a log that has grown. */
const isMissing = (rows: readonly EventRow[] | undefined, n: number, count: number): boolean =>
  rows === undefined || rows.length < Math.min(CHUNK, count - n * CHUNK)
