import type { EventBlock } from '@devtrail/events'
import type { Machine } from '../machine.ts'
import { namedSoFar } from '../spans.ts'
import type { Touches } from './touch.ts'

/** What the events of a type mean to a scan: nothing; something to the devices they mention; something to all. */
type Reach = 0 | 1 | 2

/** Finds the places of a block after which something may have changed; the events are folded one by one meanwhile. */
export class TouchScan {
  readonly #touches: Touches
  readonly #machine: Machine
  #block: EventBlock | null = null
  #reach: readonly Reach[] = []
  #named: number

  constructor(touches: Touches, machine: Machine) {
    this.#touches = touches
    this.#machine = machine
    this.#named = namedSoFar(machine.content.spans)
  }

  /** Whether the event at a place, just folded, may have changed something. */
  at(block: EventBlock, place: number): boolean {
    if (this.#block !== block) {
      this.#block = block
      this.#reach = block.types.map(({ name }) => (!this.#touches.canBe(name) ? 0 : this.#touches.reachesAll(name) ? 2 : 1))
    }
    const named = namedSoFar(this.#machine.content.spans)
    if (named !== this.#named) {
      this.#named = named
      return true
    }
    const reach = this.#reach[block.type[place]!]!
    if (reach === 0) return false
    // Most events are of other devices, and say so in a column.
    const device = block.device[place]!
    if (reach === 1 && !Number.isNaN(device) && !this.#touches.isOf(device)) return false
    return this.#touches.isBy(block.view(place), this.#machine)
  }
}
