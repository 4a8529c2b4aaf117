/** A place in a log from which one steps and runs, forwards and backwards. */
import type { History } from '../history.ts'
import type { Interruption } from '../interruption.ts'
import type { Machine } from '../machine.ts'
import { Stops, type StopFor } from './stop.ts'

/** Events from one keyframe in memory to the next, near the place. */
const KEEP_EVENTS = 4096
/** How far a run backwards looks at once, at first and at most. */
const STRETCH_FIRST = 2048
const STRETCH_MAX = 65_536

/** How a run ended. */
export interface RunEnd {
  readonly seq: number
  /** What it stopped for; empty: nothing. */
  readonly hits: readonly StopFor[]
  readonly isInterrupted: boolean
}

export interface RunOptions {
  readonly signal?: (Interruption & { readonly aborted: boolean }) | undefined
  /** How far it has come; long work that wants to be interrupted comes by here. */
  readonly onProgress?: (seq: number) => void
}

export class Cursor {
  readonly history: History
  readonly last: number
  /** Where the log begins: 0, or behind what is gone of it. */
  readonly #first: number
  #seq: number
  #machine: Machine

  private constructor(history: History, last: number, machine: Machine) {
    this.history = history
    this.last = last
    this.#first = history.source.start?.seq ?? 0
    this.#seq = this.#first
    this.#machine = machine
  }

  /** A cursor at the start: after the baseline, before the first event. */
  static async open(history: History): Promise<Cursor> {
    return new Cursor(history, await history.lastSeq(), await history.replay({ to: 0 }))
  }

  /** The event it stands behind. */
  get seq(): number {
    return this.#seq
  }

  get machine(): Machine {
    return this.#machine
  }

  /** Goes to an event, or as far as there are any. */
  async goTo(seq: number): Promise<void> {
    const to = Math.min(this.last, Math.max(this.#first, seq))
    this.#machine = await this.history.replay({ from: to, to, keep: KEEP_EVENTS })
    this.#seq = to
  }

  /** Goes to the nearest event in a direction at which one of `stops` is to be stopped for, or to `fence`. */
  async run(direction: 'forwards' | 'backwards', stops: readonly StopFor[], fence: number, options: RunOptions = {}): Promise<RunEnd> {
    const end = direction === 'forwards' ? await this.#forwards(stops, fence, options) : await this.#backwards(stops, fence, options)
    await this.goTo(end.seq)
    return end
  }

  /** From `begin` to `end`, told of each event behind `begin` at which there is something to stop for; true ends it. */
  async #look(
    begin: number,
    end: number,
    stops: readonly StopFor[],
    { signal, onProgress }: RunOptions,
    onHit: (seq: number, hits: readonly StopFor[]) => boolean,
  ): Promise<number> {
    let armed: Stops | null = null
    let reached = begin
    let shown = begin
    try {
      await this.history.replay({
        from: begin,
        to: end,
        keep: KEEP_EVENTS,
        signal,
        begin: (machine, seq) => {
          if (seq === begin) armed = new Stops(stops, machine)
        },
        step: (block, place, machine) => {
          const seq = block.seq(place)
          if (seq <= begin) {
            if (seq === begin) armed = new Stops(stops, machine)
            return false
          }
          reached = seq
          if (seq - shown >= KEEP_EVENTS) onProgress?.((shown = seq))
          const hits = (armed ??= new Stops(stops, machine)).at(block, place)
          return hits.length > 0 && onHit(seq, hits)
        },
      })
    } catch (error) {
      if (signal?.aborted !== true) throw error
    }
    return reached
  }

  async #forwards(stops: readonly StopFor[], fence: number, options: RunOptions): Promise<RunEnd> {
    let end: RunEnd | null = null
    const reached = await this.#look(this.#seq, Math.min(fence, this.last), stops, options, (seq, hits) => {
      end = { seq, hits, isInterrupted: false }
      return true
    })
    return end ?? { seq: reached, hits: [], isInterrupted: options.signal?.aborted === true }
  }

  async #backwards(stops: readonly StopFor[], fence: number, options: RunOptions): Promise<RunEnd> {
    const low = Math.max(this.#first, fence)
    let size = STRETCH_FIRST
    for (let to = this.#seq - 1; to > low; size = Math.min(STRETCH_MAX, size * 2)) {
      const from = Math.max(low, to - size)
      let hit: RunEnd | null = null
      await this.#look(from, to, stops, options, (seq, hits) => {
        hit = { seq, hits, isInterrupted: false }
        return false
      })
      // Of a stretch not looked through the last place to stop at is not known.
      if (options.signal?.aborted === true) return { seq: to, hits: [], isInterrupted: true }
      if (hit !== null) return hit
      options.onProgress?.(from)
      to = from
    }
    return { seq: Math.min(this.#seq, low), hits: [], isInterrupted: false }
  }
}
