/** A log as the tracks of a trace viewer: for each device a track of its events, one a lane, a counter of referenced pages. */
import { dataToJson, type AnyEvent, type Json } from '@devtrail/events'
import { dataInWords, vocabulary, type Lane, type Row } from '@devtrail/survey'
import type { WholeLog } from './whole-log.ts'

/** A line of a trace viewer. Numbers are given from 1. */
export interface Track {
  readonly id: number
  readonly name: string
  /** The group it is in: a device, or null for what is of none. */
  readonly group: string | null
}

export type Args = { readonly [name: string]: Json }

/** The numbers of the arrows at an event: each begins at one, a cause, and ends at one that it led to. */
export interface Arrows {
  readonly begin: readonly number[]
  readonly end: readonly number[]
}

/** Whoever writes a trace; times are nanoseconds. What it returns is written. */
export interface TraceFormat {
  begin(groups: readonly string[]): string | Uint8Array
  track(track: Track, isCounter: boolean): string | Uint8Array
  /** Slices of a track are told in order. */
  slice(track: Track, from: number, to: number, name: string, args: Args): string | Uint8Array
  event(track: Track, event: AnyEvent, args: Args, arrows: Arrows): string | Uint8Array
  instant(track: Track, time: number, name: string, args: Args): string | Uint8Array
  counter(track: Track, time: number, value: number): string | Uint8Array
  end(): string | Uint8Array
}

const OTHER = 'no device'
const BROKEN = 'broken rules'
const LANE_NAMES = { driver: 'driver', memory: 'pagemap', pages: 'pages', disk: 'disk' } as const

class Tracks {
  readonly all: { readonly track: Track; readonly isCounter: boolean }[] = []

  add(name: string, group: string | null, isCounter = false): Track {
    const track: Track = { id: this.all.length + 1, name, group }
    this.all.push({ track, isCounter })
    return track
  }
}

interface DeviceTracks {
  readonly row: Row
  readonly events: Track
  readonly lanes: readonly (readonly [Lane, Track])[]
  readonly pages: Track | null
}

function tracksOf(row: Row, tracks: Tracks): DeviceTracks {
  const lanes = row.lanes.map((lane) => [lane, tracks.add(LANE_NAMES[lane.name], row.key)] as const)
  const pages = row.lanes.some(({ name }) => name === 'pages') ? tracks.add('referenced pages', row.key, true) : null
  return { row, lanes, pages, events: tracks.add('events', row.key) }
}

/** The causes of an event that are told: those of the baseline are not. */
const causesOf = ({ cause }: AnyEvent): readonly number[] => cause.filter((seq) => seq > 0)

/** Every arrow has a number of its own: viewers take those of one number for a chain, or for one that has ended. */
class ArrowCounter {
  /** By cause the arrows that begin at it. */
  readonly #begin = new Map<number, number[]>()
  #ended = 0

  static async over({ events }: WholeLog): Promise<ArrowCounter> {
    const counter = new ArrowCounter()
    let arrows = 0
    for await (const event of events()) {
      for (const seq of causesOf(event)) {
        const begin = counter.#begin.get(seq)
        if (begin === undefined) counter.#begin.set(seq, [++arrows])
        else begin.push(++arrows)
      }
    }
    return counter
  }

  /** The arrows at an event; to be asked of each, in order. */
  next(event: AnyEvent): Arrows {
    return { begin: this.#begin.get(event.seq) ?? [], end: causesOf(event).map(() => ++this.#ended) }
  }
}

export async function* tellTrace(whole: WholeLog, format: TraceFormat): AsyncGenerator<string | Uint8Array> {
  const { timeline, names, violations } = whole
  const tracks = new Tracks()
  const broken = tracks.add(BROKEN, null)
  const other = tracks.add(OTHER, null)
  const devices = timeline.rows.map((row) => tracksOf(row, tracks))
  yield format.begin(timeline.rows.map(({ key }) => key))
  for (const { track, isCounter } of tracks.all) yield format.track(track, isCounter)
  const end = timeline.binTimes.at(-1) ?? 0
  for (const { lanes, pages } of devices) {
    for (const [lane, track] of lanes) {
      yield* tellLane(whole, format, lane, track, end)
      if (lane.name === 'pages' && pages !== null) yield* tellPages(whole, format, lane, pages)
    }
  }
  for (const { time, rule, certainty, seq, summary } of violations) yield format.instant(broken, time, rule, { certainty, seq, summary })
  const byKey = new Map(devices.map(({ row, events }) => [row.key, events]))
  const arrows = await ArrowCounter.over(whole)
  for await (const event of whole.events()) {
    const device = names.of(event)
    const track = (device === null ? undefined : byKey.get(names.device(device))) ?? other
    yield format.event(track, event, argsOf(whole, event, device), arrows.next(event))
  }
  yield format.end()
}

function argsOf({ names }: WholeLog, event: AnyEvent, device: number | null): Args {
  const { seq, entry, cpu, actor, inferred } = event
  return {
    seq,
    ...(entry === null ? {} : { entry }),
    ...(cpu === null ? {} : { cpu }),
    ...(actor === null ? {} : { pid: actor.pid, comm: actor.comm }),
    ...(inferred === true ? { inferred } : {}),
    words: dataInWords(names, event, device, 9),
    ...dataToJson(vocabulary, event.type, event.data, 9),
  }
}

function* tellLane({ timeline }: WholeLog, format: TraceFormat, lane: Lane, track: Track, end: number): Generator<string | Uint8Array> {
  for (const [i, number] of lane.looks.entries()) {
    if (number < 0) continue
    const { text, tone, sure } = timeline.looks[number]!
    yield format.slice(track, lane.times[i]!, lane.times[i + 1] ?? end, text, { tone, sure, seq: lane.seqs[i]! })
  }
}

function* tellPages({ timeline }: WholeLog, format: TraceFormat, lane: Lane, track: Track): Generator<string | Uint8Array> {
  for (const [i, number] of lane.looks.entries()) {
    yield format.counter(track, lane.times[i]!, number < 0 ? 0 : (timeline.looks[number]!.atLeast ?? 0))
  }
}
