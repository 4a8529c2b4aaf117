import type { EventBlock, HostId } from '@devtrail/events'
import { EventFold, type FoldPlan } from './event-fold.ts'
import type { Machine } from './machine.ts'

/**
 * Steps a machine through blocks of columns, at a glance at each event. It gives the same as stepping the machine event
 * by event.
 */
export class BlockFold {
  readonly #fold: EventFold
  /** What is to be done with the types of the block at hand. */
  #block: EventBlock | null = null
  readonly #ofBlock = new Map<HostId, readonly FoldPlan[]>()

  constructor(machine: Machine) {
    this.#fold = new EventFold(machine)
  }

  get machine(): Machine {
    return this.#fold.machine
  }

  /** Folds the events at the places from `from` up to, and not including, `to`. */
  step(block: EventBlock, from = 0, to = block.count): void {
    const fold = this.#fold
    if (this.#block !== block) {
      this.#block = block
      this.#ofBlock.clear()
    }
    const { type, host: hosts } = block
    let host = 0
    let plans = this.#plansOf(block, host)
    for (let place = from; place < to; place++) {
      if (hosts !== null && hosts[place] !== host) plans = this.#plansOf(block, (host = hosts[place]!))
      const plan = plans[type[place]!]!
      // What is learnt is found by looking over all fields there are.
      fold.step(plan.learns ? block.event(place) : block.view(place), plan)
    }
  }

  /** What is to be done with the types of the block for one host. */
  #plansOf(block: EventBlock, host: HostId): readonly FoldPlan[] {
    let plans = this.#ofBlock.get(host)
    if (plans === undefined) this.#ofBlock.set(host, (plans = block.types.map(({ name }) => this.#fold.planOf(name, host))))
    return plans
  }
}

/** The first place in a block whose event comes after `seq`; −1 is before the baseline. */
export function placeAfter(block: Pick<EventBlock, 'count' | 'lastSeq'>, seq: number): number {
  if (seq < 0) return 0
  if (seq >= block.lastSeq) return block.count
  // Behind the baseline numbers have no hole.
  return Math.max(0, block.count - (block.lastSeq - seq))
}
