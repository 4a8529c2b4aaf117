/** Some events of a long log looked at one by one: what rows show where a timeline of the whole counts many events together. */
import type { EventBlock } from '@devtrail/events'
import { deviceOf, type History, type Machine } from '@devtrail/time-travel'
import { vocabulary } from '../models.ts'
import type { Names } from '../names.ts'
import { DeviceLooks } from './device-looks.ts'
import { Lives } from './lives.ts'
import { Looks, looksIn } from './looks-seen.ts'
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
  readonly #lives = new Lives()
  /** The lives of the devices that are wanted, as far as they have come. */
  readonly #lifeOf = new Map<number, number>()
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
    this.#lifeOf.set(device, this.#lives.add())
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
    if (device !== null && !this.#lifeOf.has(device) && this.#isWanted(device)) looker.touch(device, this.#come(device))
    const { some, all } = looker.reachOf(view.type)
    const life = device === null ? undefined : this.#lifeOf.get(device)
    if (life !== undefined) {
      this.#lives.event(life, seq, seq)
      looker.touch(device!, some)
    }
    const ofAll = device === null ? some : all
    if (ofAll !== 0) for (const id of this.#lifeOf.keys()) looker.touch(id, ofAll)
    for (const [id, seen] of looker.look()) this.#lives.say(this.#lifeOf.get(id)!, seq, time, looksIn(seen, this.#looks))
  }

  told(machine: Machine): TimelineWindow {
    const { from, names } = this.#asked
    const byKey = Map.groupBy(
      [...this.#lifeOf].toSorted(([a], [b]) => a - b),
      ([id]) => names.device(id),
    )
    return {
      from,
      times: Float64Array.from(this.#times),
      looks: this.#looks.all,
      rows: [...byKey].map(([key, lives]) => {
        const { host, kind, bookkeeping } = machine.device(lives.at(-1)![0]) ?? { host: undefined, kind: null, bookkeeping: false }
        return rowOf(this.#lives, { key, host: host ?? null, kind, bookkeeping, lives: lives.map(([, life]) => life) })
      }),
    }
  }
}

/** Reads a window from the nearest keyframe on. */
export async function lookClosely(history: History, asked: Asked): Promise<TimelineWindow> {
  const from = Math.max(asked.from, (history.source.start?.seq ?? 0) + 1)
  const to = Math.min(asked.to, from + WINDOW_EVENTS_MAX - 1)
  const closely = new Closely({ ...asked, from })
  const machine = await history.replay({ from: from - 1, to, step: (block, place, at) => closely.step(block, place, at) })
  return closely.told(machine)
}
