/**
 * The per-CPU memory of a machine, as far as refs count in it (mm/percpu.c): a 32-bit word for each ref and CPU, all close together, so that
 * a get or put of a ref that is in no cache touches one line and makes no bigint. A word holds what was counted since the
 * 64-bit counter behind it was last brought up to date.
 */

/** What a word holds while its ref is not to be counted there. */
const CLOSED = -(2 ** 31)
/** As much as a word holds, up or down, before it has to be brought over. */
export const WORD_MAX = 2 ** 30

const FEW = 4

export class PercpuArea {
  /** How many CPUs there are. */
  readonly cpus: number
  #words: Int32Array<ArrayBuffer>
  /** Behind the place that was given out last; the first is given to nobody. */
  #end: number
  readonly #free: number[] = []

  constructor(cpus: number, refs = FEW) {
    this.cpus = cpus
    this.#words = new Int32Array((1 + refs) * cpus).fill(CLOSED)
    this.#end = cpus
  }

  /** All of them, by place and CPU; another array after one was allocated. */
  get words(): Int32Array<ArrayBuffer> {
    return this.#words
  }

  /** A place for the words of one ref, closed; never 0. */
  allocate(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    const at = this.#end
    this.#end += this.cpus
    if (this.#end > this.#words.length) {
      const old = this.#words
      this.#words = new Int32Array(2 * this.#end).fill(CLOSED)
      this.#words.set(old)
    }
    return at
  }

  /** Gives a place back. */
  release(at: number): void {
    this.#words.fill(CLOSED, at, at + this.cpus)
    this.#free.push(at)
  }

  /** From now on the words at a place count, from 0. */
  open(at: number): void {
    this.#words.fill(0, at, at + this.cpus)
  }

  /** The words at a place count no more. */
  close(at: number): void {
    this.#words.fill(CLOSED, at, at + this.cpus)
  }

  /** What a CPU's word holds; 0 while it is closed. */
  word(at: number, cpu: number): number {
    const word = this.#words[at + cpu]!
    return word === CLOSED ? 0 : word
  }

  /** Counts one up or down on a CPU; false, and nothing done, where that cannot be: closed, full, no such CPU. */
  count(at: number, cpu: number, n: 1 | -1): boolean {
    const words = this.#words
    if (!(cpu >= 0 && cpu < this.cpus)) return false
    const word = words[at + cpu]! + n
    if (!(word >= -WORD_MAX && word <= WORD_MAX)) return false
    words[at + cpu] = word
    return true
  }
}
