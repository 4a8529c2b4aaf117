/** What one incarnation of a device shows while the log is read: what its lanes are since when, and how many events fall into which bin. */
import type { Seen } from './device-looks.ts'
import { LANE_GROUPS, LANES } from './looks.ts'
import type { Look } from './timeline.ts'

/** Every look there is, once. */
export class Looks {
  readonly all: Look[] = []
  readonly #byText = new Map<string, number>()

  /** Its number; −1 for nothing. */
  of(look: Look | null): number {
    if (look === null) return -1
    const text = `${look.tone} ${look.sure} ${look.text}`
    let number = this.#byText.get(text)
    if (number === undefined) {
      this.#byText.set(text, (number = this.all.length))
      this.all.push(look)
    }
    return number
  }
}

/** What was seen of a device, lane by lane, as numbers; null: as before. */
export function looksIn(seen: Seen, all: Looks): (number | null)[] {
  return seen.flatMap((looks, i) => looks?.map((look) => all.of(look)) ?? LANE_GROUPS[i]!.lanes.map(() => null))
}

/** One lane: looks, and since which event and when. One array for all, since a log may have a million devices. */
export class LaneLife {
  /** Triples of seq, time and look. */
  readonly #flat: number[] = []

  get length(): number {
    return this.#flat.length / 3
  }

  seq(i: number): number {
    return this.#flat[3 * i]!
  }

  time(i: number): number {
    return this.#flat[3 * i + 1]!
  }

  look(i: number): number {
    return this.#flat[3 * i + 2]!
  }

  say(seq: number, time: number, look: number): void {
    const flat = this.#flat
    const last = flat.length - 3
    if ((last < 0 ? -1 : flat[last + 2]!) === look) return
    if (last >= 0 && flat[last] === seq) flat[last + 2] = look
    else flat.push(seq, time, look)
  }
}

export class Life {
  first = Infinity
  last = 0
  events = 0
  /** Since when it is looked at. */
  since: { readonly seq: number; readonly time: number } | null = null
  /** By lane; those that never showed anything are not there. */
  readonly lanes: (LaneLife | undefined)[] = LANES.map(() => undefined)
  /** Pairs of a bin that has events of it, ascending, and how many. */
  readonly bins: number[] = []

  event(seq: number, bin: number): void {
    this.first = Math.min(this.first, seq)
    this.last = seq
    this.events++
    if (seq === 0) return
    const { bins } = this
    if (bins.length > 0 && bins[bins.length - 2] === bin) bins[bins.length - 1]!++
    else bins.push(bin, 1)
  }

  /** What lanes show since an event; null: as before. */
  say(seq: number, time: number, looks: readonly (number | null)[]): void {
    this.since ??= { seq, time }
    for (const i of LANES.keys()) {
      const look = looks[i] ?? null
      if (look !== null && (look !== -1 || this.lanes[i] !== undefined)) (this.lanes[i] ??= new LaneLife()).say(seq, time, look)
    }
  }
}
