/** What a trace.dat lacks: entries that were overwritten, lost or cannot be read, as gaps where they were; and what nothing places. */
import { unplacedOf, type CpuStat } from '../cpu-stats.ts'
import type { BatchBuilder } from '../entries/batch.ts'
import type { TraceSummary } from '../text/summary.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { DatBuffer } from './dat-file.ts'

const UNREADABLE_SHOWN_MAX = 5

export class DatLosses {
  readonly #summary: TraceSummary
  readonly #out: BatchBuilder
  /** By CPU: of how many buffers no record was seen yet. */
  readonly #notBegun = new Map<number, number>()
  /** CPUs of which entries were overwritten before the first there is. */
  readonly #late = new Set<number>()
  /** Entries that were lost where nothing says. */
  #unplaced: number
  /** Entries that later ones have overwritten; and how many of them before the first there is. */
  readonly #overwritten: number
  #overwrittenFirst = 0

  /** `stats` and `buffers`: of what is read. */
  constructor(stats: readonly CpuStat[], buffers: readonly DatBuffer[], summary: TraceSummary, out: BatchBuilder) {
    this.#summary = summary
    this.#out = out
    this.#unplaced = unplacedOf(stats)
    this.#overwritten = stats.reduce((sum, { overrun }) => sum + overrun, 0)
    for (const { cpus } of buffers)
      for (const { cpu, size } of cpus) if (size > 0) this.#notBegun.set(cpu, (this.#notBegun.get(cpu) ?? 0) + 1)
  }

  /**
   * Reads all pages for what their marks say was overwritten before them, where any was: before a CPU's first, its part of the
   * trace begins late. Then says what is missing from the start; `isPart`: buffers had to be left out.
   */
  async foresee(cpus: () => Iterable<CpuRecords>, isPart: boolean): Promise<void> {
    if (this.#overwritten > 0) await this.#foreseeOverwritten(cpus())
    if (this.#overwrittenFirst > 0)
      this.#out.add({ kind: 'gap', reason: 'overwritten', lost: this.#overwrittenFirst, cpu: null, line: 0 }, 0, 0)
    if (this.#unplaced > 0 || isPart) this.#out.add({ kind: 'blind', cpu: null }, 0, 0)
  }

  async #foreseeOverwritten(cpus: Iterable<CpuRecords>): Promise<void> {
    let placed = 0
    let isCounted = true
    for (const cpu of cpus) {
      do {
        while (cpu.step()) {
          const { missed, pages } = cpu
          if (missed === null) continue
          cpu.missed = null
          if (missed < 0) isCounted = false
          else placed += missed
          if (pages === 1) this.#overwrittenFirst += Math.max(missed, 0)
          if (pages === 1) this.#late.add(cpu.cpu)
        }
      } while (await cpu.more())
    }
    if (this.#late.size > 0) this.#summary.lateCpus = [...this.#notBegun.keys()]
    // What no mark counts was overwritten at one of those that do not say how much, or nobody knows where.
    if (isCounted) this.#unplaced += Math.max(0, this.#overwritten - placed)
    else if (this.#late.size > 0) this.#overwrittenFirst += Math.max(0, this.#overwritten - placed)
  }

  /** Whether a mark is of what was overwritten before the CPU's first page, which the count of the whole tells. */
  #isToldByCount({ pages, cpu }: CpuRecords): boolean {
    return pages === 1 && this.#late.has(cpu)
  }

  /** Before a CPU's first record, and where some are missing: the CPU's records before the current one, as gaps. */
  before(from: CpuRecords): void {
    const { cpu, missed } = from
    const summary = this.#summary
    const at = [summary.entries, summary.lastTime] as const
    from.missed = null
    if (missed !== null && !this.#isToldByCount(from))
      this.#out.add({ kind: 'gap', reason: 'lost', lost: missed < 0 ? null : missed, cpu, line: 0 }, ...at)
    this.damagedPages(from)
    if (from.hasBegun) return
    from.hasBegun = true
    const notBegun = this.#notBegun.get(cpu)! - 1
    this.#notBegun.set(cpu, notBegun)
    // The buffers of the others begin later than the first, where any was overwritten.
    if (notBegun === 0 && this.#late.size > 0 && summary.entries > 0)
      this.#out.add({ kind: 'gap', reason: 'overwritten', lost: null, cpu, line: 0 }, ...at)
  }

  /** A CPU is not seen from here on until its next record. */
  lacking(from: CpuRecords): void {
    const { cpu, missed, damagedPages } = from
    if (damagedPages > 0 || (missed !== null && !this.#isToldByCount(from)))
      this.#out.add({ kind: 'blind', cpu }, this.#summary.entries, this.#summary.lastTime)
  }

  damagedPages(from: CpuRecords): void {
    const { entries, lastTime } = this.#summary
    for (; from.damagedPages > 0; from.damagedPages--) {
      this.#unreadable(`a page of CPU ${from.cpu}`)
      this.#out.add({ kind: 'gap', reason: 'unreadable', lost: null, cpu: from.cpu, line: 0 }, entries, lastTime)
    }
  }

  /** The current record is not one that can be read. */
  unreadableRecord({ cpu, time }: CpuRecords, what: string): void {
    const { entries, lastTime } = this.#summary
    this.#unreadable(`a record of CPU ${cpu} at ${time} ns is ${what}`)
    this.#out.add({ kind: 'gap', reason: 'unreadable', lost: 1, cpu, line: 0 }, entries, lastTime)
  }

  #unreadable(what: string): void {
    const summary = this.#summary
    summary.unparsed++
    if (summary.unreadable.length < UNREADABLE_SHOWN_MAX) summary.unreadable.push(what)
  }
}
