import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Link } from '../page/link.ts'
import type { WorkerClient } from '../page/worker-client.ts'
import type { TimelineWindow } from '@devtrail/survey'
import type { Opened, ScanState, Why } from '../protocol.ts'
import { Backdrop, drawScene } from './draw.ts'
import type { Scene } from './scene.ts'
import { lastUpTo, type Clock } from './clock.ts'
import { Gestures } from './gestures.ts'
import { Corner } from './Corner.tsx'
import { HEAD_HEIGHT, HEADER_WIDTH, rowTops } from './layout.ts'
import { Markers } from './Markers.tsx'
import { RowList } from './RowList.tsx'
import { within, type Scale } from './scale.ts'
import { shownRows } from './shown-rows.ts'
import { themeOf, type Theme } from './theme.ts'

export interface TimelineProps {
  readonly client: WorkerClient
  readonly opened: Opened
  readonly scan: ScanState | null
  /** The events in view one by one, where one looks closely. */
  readonly window: TimelineWindow | null
  readonly clock: Clock
  readonly link: Link
  readonly at: number
  readonly limits: readonly [number, number]
  readonly view: readonly [number, number]
  /** The selected event, and what led to it. */
  readonly why: Why | null
  readonly go: (to: Partial<Link>) => void
  /** Told the keys of the rows that are in view. */
  readonly onRows: (keys: readonly string[]) => void
}

/** The size of an element, as it changes. */
function useSize(of: { readonly current: HTMLElement | null }): { readonly width: number; readonly height: number } {
  const [size, setSize] = useState({ width: 800, height: 300 })
  useLayoutEffect(() => {
    const element = of.current
    if (element === null) return undefined
    const look = (): void => setSize({ width: element.clientWidth, height: element.clientHeight })
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [of])
  return size
}

/** The colours, as the system's preference changes them. */
function useTheme(of: { readonly current: HTMLElement | null }): Theme | null {
  const [theme, setTheme] = useState<Theme | null>(null)
  useLayoutEffect(() => {
    const look = (): void => {
      if (of.current !== null) setTheme(themeOf(of.current))
    }
    look()
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', look)
    return () => dark.removeEventListener('change', look)
  }, [of])
  return theme
}

/** Whether a timeline was drawn: when it first was, the browser's tracing tells. */
let drawn = false

export function Timeline({ client, opened, scan, window, clock, link, at, limits, view, why, go, onRows }: TimelineProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const scene = useRef<Scene | null>(null)
  const backdrop = useRef(new Backdrop())
  const { width: whole, height } = useSize(box)
  const theme = useTheme(box)
  const [scrollTop, setScrollTop] = useState(0)
  const rows = useMemo(() => shownRows(scan, window), [scan, window])
  const tops = useMemo(() => rowTops(rows), [rows])
  const width = Math.max(50, whole - HEADER_WIDTH)
  const scale: Scale = { axis: link.axis, from: view[0], to: view[1], width }
  const current = rows.findIndex(({ row }) => row.key === link.row)

  if (theme !== null) {
    scene.current = { opened, scan, rows, clock, theme, scale, limits, tops, scrollTop, height, current, at, compare: link.compare, why }
  }

  useEffect(() => {
    const first = Math.max(0, lastUpTo(tops, scrollTop))
    const last = lastUpTo(tops, scrollTop + height)
    onRows(rows.slice(first, last + 1).map(({ row }) => row.key))
  }, [rows, tops, scrollTop, height])

  // Drawn once a frame, whatever changed meanwhile.
  useEffect(() => {
    const frame = requestAnimationFrame(() => {
      const g = canvas.current?.getContext('2d')
      if (g == null || scene.current === null) return
      g.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
      drawScene(g, backdrop.current, scene.current)
      if (!drawn) performance.mark('devtrail drawn')
      drawn = true
    })
    return () => cancelAnimationFrame(frame)
  })

  const live = useRef({ go, limits })
  live.current = { go, limits }
  useEffect(() => {
    const element = canvas.current
    if (element === null) return undefined
    const gestures = new Gestures(element, () => scene.current, {
      go: (to) => live.current.go(to),
      view: (next) => live.current.go({ view: within(scene.current!.scale.axis, next, live.current.limits) }),
      scroll: (by) => box.current?.querySelector('.rows')?.scrollBy(0, by),
    })
    return () => gestures.end()
  }, [])

  return (
    <div class="timeline" ref={box}>
      <canvas
        ref={canvas}
        width={Math.round(width * devicePixelRatio)}
        height={Math.round(height * devicePixelRatio)}
        style={{ left: `${HEADER_WIDTH}px`, width: `${width}px`, height: `${height}px` }}
        role="img"
        aria-label={`Timeline of ${scan?.rows.length ?? 0} devices and ${opened.lastSeq - opened.firstSeq + 1} events; the list of rows beside it says the same in words`}
      />
      <div class="corner" style={{ width: `${HEADER_WIDTH}px`, height: `${HEAD_HEIGHT}px` }}>
        <Corner opened={opened} scan={scan} link={link} go={go} />
      </div>
      <Markers scan={scan} scale={scale} link={link} go={go} />
      <RowList
        client={client}
        rows={rows}
        tops={tops}
        height={height - HEAD_HEIGHT}
        scrollTop={scrollTop}
        onScroll={setScrollTop}
        at={at}
        scale={scale}
        link={link}
        hosts={opened.hosts}
        go={go}
      />
    </div>
  )
}
