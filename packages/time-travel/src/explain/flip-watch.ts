import type { EventBlock } from '@devtrail/events'
import type { Expression } from '../expression/syntax.ts'
import type { Truth } from '../expression/truth.ts'
import type { Machine } from '../machine.ts'
import { Tracked, type DeviceName } from './tracked.ts'

/** A place at which an expression turns, in the order of the log. */
export interface Turn {
  /** The event after which it is so; 0 is the baseline, before which nothing is known. */
  readonly seq: number
  readonly from: Truth
  readonly to: Truth
}

/** A place at which an expression turns. */
export interface Flip extends Turn {
  /** False: clocks do not tell its place among events of other hosts that matter as well; in another order it may not be. */
  readonly isSure: boolean
}

const NONE: readonly Turn[] = []

/** Tells when an expression turns while a machine is stepped through a log, also one that is being written. */
export class FlipWatch {
  readonly #tracked: Tracked
  readonly #machine: Machine
  #truth: Truth
  #hasBegun = false
  #block: EventBlock | null = null
  #learning: readonly boolean[] = []
  /** Whether the event last told of may have turned it. */
  hasLooked = false

  /** `machine`: as it is before the first event. @throws ExpressionError */
  constructor(expression: Expression, machine: Machine, device: DeviceName = null) {
    this.#tracked = new Tracked(expression, machine, device)
    this.#machine = machine
    this.#truth = this.#tracked.truth()
  }

  /** What turned with the event at a place, which was just folded; the first behind the baseline tells of that as well. */
  at(block: EventBlock, place: number): readonly Turn[] {
    const seq = block.seq(place)
    const begun = seq > 0 ? this.begin() : NONE
    if (!this.#mayTurn(block, place)) return begun
    const [from, to] = [this.#truth, this.#tracked.truth()]
    this.#truth = to
    return seq === 0 || from === to ? begun : [...begun, { seq, from, to }]
  }

  #mayTurn(block: EventBlock, place: number): boolean {
    if (this.#block !== block) {
      this.#block = block
      const { vocabulary } = this.#machine
      this.#learning = block.types.map(({ name }) => vocabulary.find(name)?.identifies !== undefined)
    }
    // What is learnt of an incarnation may show in any of its values, where it was not known before the log was read.
    this.hasLooked = this.#tracked.step(block, place)
    return this.hasLooked || this.#learning[block.type[place]!]!
  }

  /** The baseline is one step: what is so within it is nothing that happened. To be asked of a log that has nothing else. */
  begin(): readonly Turn[] {
    if (this.#hasBegun) return NONE
    this.#hasBegun = true
    return this.#truth === null ? NONE : [{ seq: 0, from: null, to: this.#truth }]
  }

  /** The hosts, of those there are, that it is about by now. */
  hosts(all: Parameters<Tracked['hosts']>[0]): ReturnType<Tracked['hosts']> {
    return this.#tracked.hosts(all)
  }

  /** @throws NoSuchDeviceError, ExpressionError when a device or a field was looked for and never was there */
  mustHaveFound(): void {
    this.#tracked.mustHaveFound()
  }
}
