/** What of each row is drawn: what the whole log's reading found, or, where one looks closely, each event of a window. */
import { OWNERLESS, type Lane, type Look, type Row, type TimelineWindow } from '@devtrail/survey'
import type { Axis } from '../page/link.ts'
import type { ScanState } from '../protocol.ts'
import { lastUpTo } from './clock.ts'
import { HOST_HEIGHT } from './layout.ts'
import { placeOf } from './scale.ts'

/** Neighbouring events that are counted together: where they are on the axis. */
export class Bins {
  readonly #events: number
  readonly #times: Float64Array
  readonly #firstBin: number
  readonly #firstSeq: number

  private constructor(events: number, times: Float64Array, firstBin: number, firstSeq: number) {
    this.#events = events
    this.#times = times
    this.#firstBin = firstBin
    this.#firstSeq = firstSeq
  }

  static ofWhole({ firstSeq, binEvents, binTimes }: ScanState): Bins {
    return new Bins(binEvents, binTimes, 0, firstSeq)
  }

  static ofWindow({ from, times }: TimelineWindow): Bins {
    return new Bins(1, times, from, from)
  }

  /** Whether each event is a bin of its own. */
  get isExact(): boolean {
    return this.#events === 1
  }

  /** The first event of a bin. */
  seqOf(bin: number): number {
    return this.#firstSeq + (bin - this.#firstBin) * this.#events
  }

  timeOf(bin: number): number {
    return this.#times[bin - this.#firstBin] ?? this.#times.at(-1) ?? 0
  }

  placeOf(axis: Axis, bin: number): number {
    return placeOf(axis, this.seqOf(bin), this.timeOf(bin))
  }

  /** The last bin that begins up to a place. */
  upTo(axis: Axis, place: number): number {
    const nth = axis === 'time' ? lastUpTo(this.#times, place) : Math.floor((place - this.#firstSeq) / this.#events)
    return nth + this.#firstBin
  }
}

export interface ShownRow {
  readonly row: Row
  readonly looks: readonly Look[]
  readonly bins: Bins
  /** How many events it has in the list: without what the baseline says. */
  readonly events: number
  /** Pixels above its lanes: the first row of a host has the host's name there. */
  readonly lead: number
}

/** What a row is called. */
export const rowName = (key: string): string => (key === OWNERLESS ? 'no device' : key)

const LANES: readonly Lane['name'][] = ['driver', 'memory', 'pages', 'disk']
const NOTHING = { seqs: new Float64Array(0), times: new Float64Array(0), looks: new Int32Array(0) }

/** The lanes of a window, each where the whole has it: rows do not jump when one looks closely. */
function closeLanes(whole: readonly Lane[], close: readonly Lane[]): Lane[] {
  return LANES.flatMap((name): Lane[] => {
    const lane = close.find((l) => l.name === name)
    return lane !== undefined ? [lane] : whole.some((l) => l.name === name) ? [{ name, ...NOTHING }] : []
  })
}

export function shownRows(scan: ScanState | null, window: TimelineWindow | null): readonly ShownRow[] {
  if (scan === null) return []
  const whole = Bins.ofWhole(scan)
  const closely = window === null ? null : { bins: Bins.ofWindow(window), rows: new Map(window.rows.map((row) => [row.key, row])) }
  return [...scan.rows, ...(scan.ownerless === null ? [] : [scan.ownerless])].map((row, i): ShownRow => {
    const lead = row.host === null || row.host === scan.rows[i - 1]?.host ? 0 : HOST_HEIGHT
    const events = row.counts.reduce((sum, count) => sum + count, 0)
    const close = closely?.rows.get(row.key)
    if (window === null || closely === null || close === undefined) return { row, looks: scan.looks, bins: whole, events, lead }
    const { bins, counts, lanes } = close
    return { row: { ...row, bins, counts, lanes: closeLanes(row.lanes, lanes) }, looks: window.looks, bins: closely.bins, events, lead }
  })
}
