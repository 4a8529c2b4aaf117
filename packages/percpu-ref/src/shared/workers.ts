import { acknowledge, isLate, isOnline } from './grace-period.ts'
import { COUNTER, GATE, header, lineOf, NAME_MAX, OFFLINE, place, SAYING, SHARED } from './layout.ts'
import type { Tenant } from './tenant.ts'
import { tell } from './waiting.ts'

/** How a worker stands: whoever attached to a ref and has not left it. Read without stopping it, so what it holds may be moving. */
export interface WorkerState {
  /** Its place, from 0; the creator's is 0. Events name it as the CPU. */
  readonly worker: number
  /** As it called itself; may be empty. */
  readonly name: string
  /** Offline it owes nobody an announcement. */
  readonly state: 'online' | 'offline'
  /** Whether a grace period that is under way still waits for it. */
  readonly isLate: boolean
  /** References it took minus those it gave back; negative where it gives back what others took. */
  readonly held: number
}

/** The places of a buffer, and who has them. */
export class Workers {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
  }

  get count(): number {
    return this.#words[header.WORKERS]!
  }

  /** Takes a free place. @throws RangeError when there is none, or the name is too long; TypeError for a name that is none. */
  take(name: string): Tenant {
    if (typeof name !== 'string') throw new TypeError(`a worker's name is a string, found ${typeof name}`)
    if (name.length > NAME_MAX) throw new RangeError(`a worker's name has at most ${NAME_MAX} characters, found ${name.length}`)
    const words = this.#words
    for (let worker = 0; worker < this.count; worker++) {
      const line = lineOf(worker)
      const free = Atomics.load(words, line + place.TENANCY)
      const tenancy = (free + 1) | 0
      if (isOdd(free) || Atomics.compareExchange(words, line + place.TENANCY, free, tenancy) !== free) continue
      words[line + place.BEFORE] = this.#balance(line)
      words[line + place.NAME] = name.length
      for (let i = 0; i < name.length; i++) words[line + place.NAME + 1 + i] = name.charCodeAt(i)
      return { worker, tenancy }
    }
    throw new RangeError(`all ${this.count} places are taken, by ${this.states().map(label).join(', ')}: create it for more workers`)
  }

  /**
   * Gives a place back: its worker is offline and will not touch it any more. What it counted stays in the sum. Nothing is announced
   * for the place once another may have it.
   */
  free(worker: number): void {
    Atomics.or(this.#words, lineOf(worker) + GATE, OFFLINE)
    Atomics.and(this.#words, lineOf(worker) + GATE, ~SAYING)
    acknowledge(this.#words, worker)
    Atomics.add(this.#words, lineOf(worker) + place.TENANCY, 1)
    tell(this.#words)
  }

  /** Whether somebody has the place; false where there is none. */
  isTaken(worker: number): boolean {
    return (
      Number.isInteger(worker) && worker >= 0 && worker < this.count && isOdd(Atomics.load(this.#words, lineOf(worker) + place.TENANCY))
    )
  }

  held(worker: number): number {
    const line = lineOf(worker)
    return (this.#balance(line) - this.#words[line + place.BEFORE]!) | 0
  }

  states(): WorkerState[] {
    return Array.from({ length: this.count }, (_, worker) => worker)
      .filter((worker) => this.isTaken(worker))
      .map((worker) => this.#stateOf(worker))
  }

  #stateOf(worker: number): WorkerState {
    const words = this.#words
    const line = lineOf(worker)
    const name = words.subarray(line + place.NAME + 1, line + place.NAME + 1 + words[line + place.NAME]!)
    return {
      worker,
      name: String.fromCharCode(...name),
      state: isOnline(words, worker) ? 'online' : 'offline',
      isLate: isLate(words, worker),
      held: this.held(worker),
    }
  }

  /** All that was ever counted from this place. */
  #balance(line: number): number {
    return (this.#words[line + COUNTER]! + this.#words[line + SHARED]!) | 0
  }
}

const isOdd = (tenancy: number): boolean => (tenancy & 1) === 1

export const label = ({ worker, name }: WorkerState): string => (name === '' ? `worker ${worker}` : `worker ${worker} (${name})`)
