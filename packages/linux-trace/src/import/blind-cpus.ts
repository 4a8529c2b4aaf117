import type { Blindness } from '../recording.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { ImportContext } from './context.ts'

/**
 * CPUs of which entries are missing for a while: because their part of the ring buffer begins later, or some of them were lost. They may have done
 * anything meanwhile, so what is known holds only until the next entry.
 */
export class BlindCpus {
  readonly #ctx: ImportContext
  /** Null: any. */
  readonly #cpus = new Set<number | null>()
  #foreseen: readonly Blindness[] = []
  /** How many of those have begun. */
  #begun = 0
  /** After which entry a CPU went blind last. */
  #since = 0
  /** The last entry that said something, and its time. */
  #said = 0
  #saidAt = 0

  constructor(ctx: ImportContext) {
    this.#ctx = ctx
  }

  /** Takes over what a look through the whole trace told. */
  foresee(blind: readonly Blindness[]): void {
    this.#foreseen = blind
    this.#begin(0)
  }

  addFromStart(cpus: readonly (number | null)[]): void {
    for (const cpu of cpus) this.#cpus.add(cpu)
  }

  /** A CPU whose entries are missing after one. */
  add(cpu: number | null, after: number): void {
    this.#cpus.add(cpu)
    this.#since = after
  }

  get areAny(): boolean {
    return this.#cpus.size > 0
  }

  /** Whether there are none, and none will be as far as that is foreseen. */
  get areNone(): boolean {
    return this.#cpus.size === 0 && this.#begun === this.#foreseen.length
  }

  /** Those of which entries are missing after those up to a number. */
  #begin(after: number): void {
    const foreseen = this.#foreseen
    for (; this.#begun < foreseen.length && foreseen[this.#begun]!.after <= after; this.#begun++) {
      const { cpu, after: since } = foreseen[this.#begun]!
      this.add(cpu, since)
    }
  }

  /** The entries of a CPU are there again, behind one. @returns whether it was known that they were missing */
  sees(cpu: number, after: number): boolean {
    this.#begin(after)
    if (this.#cpus.has(cpu)) this.#doubtUpTo(after, this.#saidAt, null)
    return this.#cpus.delete(cpu)
  }

  /** Doubts what is known before an entry, for whatever blind CPUs have done. */
  doubtBefore({ number, time, cpu }: TraceEntry): void {
    if (this.#begun < this.#foreseen.length) this.#begin(number - 1)
    if (this.#cpus.size > 0 && !(this.#cpus.size === 1 && this.#cpus.has(cpu))) this.#doubtUpTo(number, time, cpu)
    this.said(number, time)
  }

  /** An entry said something. */
  said(number: number, time: number): void {
    this.#said = number
    this.#saidAt = time
  }

  /** Doubts what is known up to the last entry. */
  doubtUpTo(number: number, time: number): void {
    if (this.#cpus.size > 0) this.#doubtUpTo(number, time, null)
  }

  /** From right behind the last entry that said something: entries without effect are moments too. */
  #doubtUpTo(number: number, time: number, cpu: number | null): void {
    const from = Math.max(this.#said, this.#since) + 1
    if (from > number) return
    this.#ctx.leave(from === number ? time : this.#saidAt, from)
    this.#ctx.doubt([...this.#cpus].find((c) => c !== cpu) ?? null)
  }
}
