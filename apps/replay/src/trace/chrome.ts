/** The JSON that chrome://tracing and Perfetto's UI open: a process for each device, a thread for each track. */
import type { AnyEvent } from '@devtrail/events'
import type { Args, Arrows, Track, TraceFormat } from './tell-trace.ts'

/** The process of what is of no device; devices follow. */
const NO_DEVICE = 1
/** Events are drawn where they last a nanosecond: arrows lead to slices only. */
const EVENT_NS = 1

/** Microseconds, to the nanosecond. */
const us = (ns: number): number => Math.round(ns) / 1000

export class ChromeTrace implements TraceFormat {
  readonly #processes = new Map<string | null, number>([[null, NO_DEVICE]])

  #pid({ group }: Track): number {
    return this.#processes.get(group)!
  }

  #line(event: object): string {
    return `,\n${JSON.stringify(event)}`
  }

  begin(groups: readonly string[]): string {
    for (const group of groups) this.#processes.set(group, NO_DEVICE + this.#processes.size)
    const names = [...this.#processes].map(([group, pid]) =>
      this.#line({ ph: 'M', name: 'process_name', pid, args: { name: group ?? 'the machine' } }),
    )
    const head = JSON.stringify({ ph: 'M', name: 'process_sort_index', pid: NO_DEVICE, args: { sort_index: 0 } })
    return `{"displayTimeUnit":"ns","traceEvents":[\n${head}${names.join('')}`
  }

  track(track: Track, isCounter: boolean): string {
    return isCounter ? '' : this.#line({ ph: 'M', name: 'thread_name', pid: this.#pid(track), tid: track.id, args: { name: track.name } })
  }

  slice(track: Track, from: number, to: number, name: string, args: Args): string {
    return this.#line({
      ph: 'X',
      name,
      cat: track.name,
      pid: this.#pid(track),
      tid: track.id,
      ts: us(from),
      dur: us(Math.max(0, to - from)),
      args,
    })
  }

  event(track: Track, { time, type }: AnyEvent, args: Args, { begin, end }: Arrows): string {
    const at = { pid: this.#pid(track), tid: track.id, ts: us(time) }
    const lines = [this.#line({ ph: 'X', name: type, cat: 'event', ...at, dur: us(EVENT_NS), args })]
    for (const id of begin) lines.push(this.#line({ ph: 's', name: 'cause', cat: 'cause', id, ...at }))
    for (const id of end) lines.push(this.#line({ ph: 'f', bp: 'e', name: 'cause', cat: 'cause', id, ...at }))
    return lines.join('')
  }

  instant(track: Track, time: number, name: string, args: Args): string {
    return this.#line({ ph: 'i', s: 'g', name, cat: track.name, pid: this.#pid(track), tid: track.id, ts: us(time), args })
  }

  counter(track: Track, time: number, value: number): string {
    return this.#line({ ph: 'C', name: track.name, pid: this.#pid(track), ts: us(time), args: { pages: value } })
  }

  end(): string {
    return '\n]}\n'
  }
}
