/** Some events of a long log looked at one by one: what rows show where a timeline of the whole counts many events together. */
import type { EventBlock } from '@devtrail/events'
import { deviceOf, type History, type Machine } from '@devtrail/time-travel'
import { vocabulary } from '../models.ts'
import type { Names } from '../survey.ts'
import { DeviceLooks } from './device-looks.ts'
import { Life, Looks, looksIn } from './life.ts'
import { rowOf } from './rows.ts'
import type { TimelineWindow } from './timeline.ts'

/** Events that a window has at most. */
export const WINDOW_EVENTS_MAX = 16_384

interface Asked {
  /** First and last event, from 1 on. */
  readonly from: number
  readonly to: number
  /** The keys of the rows that are wanted. */
  readonly rows: ReadonlySet<string>
  /** Who gives devices their keys: as the timeline of the whole log does. */
  readonly names: Names
}

class Closely {
  readonly #asked: Asked
  readonly #looks = new Looks()
  /** Of the devices that are wanted, as far as they have come. */
  readonly #lives = new Map<number, Life>()
  readonly #times: number[] = []
  #looker: DeviceLooks | null = null

  constructor(asked: Asked) {
    this.#asked = asked
  }

  #isWanted(device: number): boolean {
    return this.#asked.rows.has(this.#asked.names.device(device))
  }

  #begin(machine: Machine): DeviceLooks {
    const looker = new DeviceLooks(machine, machine.facts)
    for (const { id } of machine.devices()) if (this.#isWanted(id)) looker.touch(id, this.#come(id))
    return (this.#looker = looker)
  }

  /** @returns everything, for what came is to be looked at. */
  #come(device: number): number | undefined {
    this.#lives.set(device, new Life())
    return undefined
  }

  step(block: EventBlock, place: number, machine: Machine): void {
    const seq = block.seq(place)
    if (seq < this.#asked.from) return
    const time = block.time[place]!
    this.#times.push(time)
    const view = block.view(place)
    const device = Number.isNaN(block.device[place]!) ? deviceOf(view, vocabulary, machine.facts) : block.device[place]!
    const looker = this.#looker ?? this.#begin(machine)
    if (device !== null && !this.#lives.has(device) && this.#isWanted(device)) looker.touch(device, this.#come(device))
    const { some, all } = looker.reachOf(view.type)
    if (device !== null) this.#lives.get(device)?.event(seq, seq)
    if (device !== null && this.#lives.has(device)) looker.touch(device, some)
    const ofAll = device === null ? some : all
    if (ofAll !== 0) for (const id of this.#lives.keys()) looker.touch(id, ofAll)
    for (const [id, seen] of looker.look()) this.#lives.get(id)!.say(seq, time, looksIn(seen, this.#looks))
  }

  told(machine: Machine): TimelineWindow {
    const { from, names } = this.#asked
    const infos = new Map(machine.devices().map((info) => [info.id, info]))
    const byKey = Map.groupBy(
      [...this.#lives].toSorted(([a], [b]) => a - b),
      ([id]) => names.device(id),
    )
    return {
      from,
      times: Float64Array.from(this.#times),
      looks: this.#looks.all,
      rows: [...byKey].map(([key, lives]) =>
        rowOf({ key, info: infos.get(lives.at(-1)![0]) ?? { kind: null, bookkeeping: false }, lives: lives.map(([, life]) => life) }),
      ),
    }
  }
}

/** Reads a window from the nearest keyframe on. */
export async function lookClosely(history: History, asked: Asked): Promise<TimelineWindow> {
  const to = Math.min(asked.to, asked.from + WINDOW_EVENTS_MAX - 1)
  const closely = new Closely(asked)
  const machine = await history.replay({ from: asked.from - 1, to, step: (block, place, at) => closely.step(block, place, at) })
  return closely.told(machine)
}
