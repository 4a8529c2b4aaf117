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

/** One lane: looks, and since which event and when. */
export class LaneLife {
  readonly seqs: number[] = []
  readonly times: number[] = []
  readonly looks: number[] = []

  say(seq: number, time: number, look: number): void {
    if ((this.looks.at(-1) ?? -1) === look) return
    if (this.seqs.at(-1) === seq) {
      this.looks[this.looks.length - 1] = look
      return
    }
    this.seqs.push(seq)
    this.times.push(time)
    this.looks.push(look)
  }
}

export class Life {
  first = Infinity
  last = 0
  events = 0
  /** Since when it is looked at. */
  since: { readonly seq: number; readonly time: number } | null = null
  /** By lane; those that never showed anything are not there. */
  readonly lanes: (LaneLife | undefined)[] = []
  /** Bins that have events of it, ascending, and how many. */
  readonly bins: number[] = []
  readonly counts: number[] = []

  event(seq: number, bin: number): void {
    this.first = Math.min(this.first, seq)
    this.last = seq
    this.events++
    if (seq === 0) return
    if (this.bins.at(-1) === bin) this.counts[this.counts.length - 1]!++
    else {
      this.bins.push(bin)
      this.counts.push(1)
    }
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
