/** A device's row while the log is read: what its lanes show since when, and how many events fall into which bin. */
import type { DeviceInfo } from '@devtrail/events'
import { LANES } from './looks.ts'
import type { Look, Row } from './timeline.ts'

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

class LaneBuilder {
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

export class RowBuilder {
  readonly key: string
  #info: Pick<DeviceInfo, 'kind' | 'bookkeeping'>
  #first = Infinity
  #last = 0
  #events = 0
  readonly #lanes = LANES.map(() => new LaneBuilder())
  readonly #bins: number[] = []
  readonly #counts: number[] = []

  constructor(key: string, info: Pick<DeviceInfo, 'kind' | 'bookkeeping'>) {
    this.key = key
    this.#info = info
  }

  /** What is known of the device now. */
  is(info: Pick<DeviceInfo, 'kind' | 'bookkeeping'>): void {
    this.#info = info
  }

  event(seq: number, bin: number): void {
    this.#first = Math.min(this.#first, seq)
    this.#last = seq
    this.#events++
    if (seq === 0) return
    if (this.#bins.at(-1) === bin) this.#counts[this.#counts.length - 1]!++
    else {
      this.#bins.push(bin)
      this.#counts.push(1)
    }
  }

  say(seq: number, time: number, looks: readonly number[]): void {
    for (const [i, look] of looks.entries()) this.#lanes[i]!.say(seq, time, look)
  }

  row(): Row {
    return {
      key: this.key,
      kind: this.#info.kind,
      bookkeeping: this.#info.bookkeeping,
      first: Number.isFinite(this.#first) ? this.#first : 0,
      last: this.#last,
      events: this.#events,
      lanes: this.#lanes.flatMap(({ seqs, times, looks }, i) =>
        looks.some((look) => look !== -1)
          ? [{ name: LANES[i]!, seqs: Float64Array.from(seqs), times: Float64Array.from(times), looks: Int32Array.from(looks) }]
          : [],
      ),
      bins: Int32Array.from(this.#bins),
      counts: Int32Array.from(this.#counts),
    }
  }
}
