/** The records of a trace.dat as batches of entries. */
import { BatchBuilder, type EntryBatch } from '../entries/batch.ts'
import type { ColumnPool } from '../entries/columns.ts'
import { lossNotes, lostOf, unplacedOf } from '../cpu-stats.ts'
import { rebootNotes } from '../entries/reboot.ts'
import { RecordingError } from '../errors.ts'
import type { ProbeDefinition } from '../probes.ts'
import type { TraceEntry } from '../text/entry.ts'
import { seeTime, type TraceSummary } from '../text/summary.ts'
import { isCounting } from '../clocks.ts'
import { contextStyle, contextText } from './context-flags.ts'
import { pagesOf } from './cpu-data.ts'
import { CpuRecords } from './cpu-records.ts'
import { mergeable, nameOf, withData } from './buffers.ts'
import type { DatBuffer, DatFile } from './dat-file.ts'
import { DevresPointers } from './devres-pointers.ts'
import type { EventFormat } from './format.ts'
import { KeptRecords } from './kept-records.ts'
import { inOrder } from './merge.ts'
import { commonOf, typeOf, type Common } from './record-common.ts'
import { RecordPlans } from './record-plans.ts'
import { RecordReader } from './record-reader.ts'
import { RecordTexts } from './record-texts.ts'
import type { ByteSource, Decompress } from './source.ts'
import { Twins } from './twins.ts'

const UNREADABLE_SHOWN_MAX = 5

const nothing = (): void => {}

export class DatBatches {
  readonly #source: ByteSource
  readonly #decompress: Decompress
  readonly #file: DatFile
  readonly #summary: TraceSummary
  readonly #out: BatchBuilder
  readonly #little: boolean
  readonly #common: Common
  readonly #plans: RecordPlans
  readonly #devres: DevresPointers
  readonly #texts: RecordTexts
  readonly #tasks = new Map<number, number>()
  readonly #taskNames: string[] = []
  #lastPid = -1
  #lastTask = 0
  readonly #contexts = new Int32Array(1 << 16).fill(-1)
  readonly #contextTexts: string[] = []
  readonly #style
  readonly #kept: KeptRecords
  /** By CPU: of how many buffers no record was seen yet. */
  readonly #notBegun = new Map<number, number>()
  /** CPUs of which entries were overwritten before the first there is. */
  readonly #late = new Set<number>()
  /** Those that are read: they have one clock. */
  readonly #buffers: readonly DatBuffer[]
  /** Entries that were lost where nothing says. */
  #unplaced: number
  /** Entries that later ones have overwritten; and how many of them before the first there is. */
  readonly #overwritten: number
  #overwrittenFirst = 0
  /** Whether buffers had to be left out. */
  #isPart = false
  #twinsSeen = 0

  /** `summary` is filled on the way. @throws RecordingError */
  constructor(
    source: ByteSource,
    decompress: Decompress,
    file: DatFile,
    summary: TraceSummary,
    definitions: ReadonlyMap<string, ProbeDefinition>,
    pool?: ColumnPool,
  ) {
    this.#source = source
    this.#out = new BatchBuilder(pool)
    this.#decompress = decompress
    this.#file = file
    this.#summary = summary
    this.#little = file.isLittleEndian
    const reader = new RecordReader(file.isLittleEndian)
    this.#plans = new RecordPlans(file, definitions, this.#out, reader)
    this.#devres = new DevresPointers(file, reader, this.#plans)
    this.#texts = new RecordTexts(file, reader, this.#plans, this.#devres)
    this.#style = contextStyle(file.uname)
    this.#kept = new KeptRecords(this.#out)
    this.#common = commonOf(file)
    this.#buffers = mergeable(file.buffers, file.clock)
    const names = new Set(this.#buffers.map(({ name }) => name))
    const stats = file.stats.filter(({ buffer }) => names.has(buffer))
    const read = stats.reduce((sum, s) => sum + s.read, 0)
    if (stats.length > 0) {
      summary.inBuffer = read
      summary.written = read + lostOf(stats)
    }
    summary.countsItself = true
    this.#unplaced = unplacedOf(stats)
    this.#overwritten = stats.reduce((sum, { overrun }) => sum + overrun, 0)
    summary.uname = file.uname
    summary.clock = this.#buffers[0]?.clock ?? file.clock
    summary.ticks = summary.clock !== null && isCounting(summary.clock)
    summary.notes.push(...lossNotes(stats))
    for (const { cpus } of this.#buffers)
      for (const { cpu, size } of cpus) if (size > 0) this.#notBegun.set(cpu, (this.#notBegun.get(cpu) ?? 0) + 1)
    summary.lateCpus = []
    summary.cpus = file.cpuCount ?? file.buffers[0]?.cpus.length ?? null
    const left = withData(file.buffers).filter((buffer) => !this.#buffers.includes(buffer))
    if (left.length > 0) {
      this.#isPart = true
      summary.notes.push(
        `${left.map(({ name, clock }) => `the buffer ${nameOf(name)} has the clock ${clock ?? file.clock ?? '?'}`).join(', ')}, and the others have ${summary.clock ?? '?'}: the two cannot be put in one order, so it is left out, and what it holds is not known`,
      )
    }
  }

  /** The records of each CPU, by the number of the buffer they are in. */
  #cpus(): Map<CpuRecords, number> {
    return new Map(
      this.#buffers.flatMap((buffer, number) =>
        buffer.cpus.map((data) => [
          new CpuRecords(
            data.cpu,
            pagesOf(this.#source, this.#decompress, this.#file, buffer, data),
            this.#file,
            buffer.pageBytes,
            this.#summary,
          ),
          number,
        ]),
      ),
    )
  }

  /** Tells of a record whether another buffer's told the same; null where there is one buffer. */
  #twins(cpus: ReadonlyMap<CpuRecords, number>): ((from: CpuRecords) => boolean) | null {
    if (this.#buffers.length < 2) return null
    const twins = new Twins(this.#little)
    const { type, flags, pid } = this.#common
    return (from) => {
      const { view, start, length } = from
      if (pid.offset + pid.size > length) return false
      const id = view.getUint16(start + type.offset, this.#little)
      return twins.isTwin(from, cpus.get(from)!, {
        id,
        format: this.#file.formats.get(id) ?? null,
        flags: view.getUint8(start + flags.offset),
        pid: view.getInt32(start + pid.offset, this.#little),
        data: pid.offset + pid.size,
      })
    }
  }

  async *read(): AsyncGenerator<EntryBatch> {
    const summary = this.#summary
    const unclear = this.#devres.unclear()
    let isClear = unclear === null
    await this.#foreseeLosses()
    if (this.#overwrittenFirst > 0)
      this.#out.add({ kind: 'gap', reason: 'overwritten', lost: this.#overwrittenFirst, cpu: null, line: 0 }, 0, 0)
    const ready: EntryBatch[] = []
    let wake: (() => void) | null = null
    let resume: (() => void) | null = null
    let over = false
    let failure: unknown = null
    if (this.#unplaced > 0 || this.#isPart) this.#out.add({ kind: 'blind', cpu: null }, 0, 0)
    const cpus = this.#cpus()
    const isTwin = this.#twins(cpus)
    const show = (from: CpuRecords): void | Promise<void> => {
      if (!isClear && typeOf(this.#common, from, this.#little) === unclear!.id) {
        isClear = true
        return this.#inferDevres(unclear!).then(() => show(from))
      }
      if (isTwin?.(from) === true) this.#twin(from)
      else this.#record(from)
      if (this.#out.isFull) ready.push(this.#out.take())
    }
    const rest = (): Promise<void> | null => {
      if (ready.length === 0) return null
      wake?.()
      return new Promise((resolve) => (resume = resolve))
    }
    const lacking = ({ cpu, pages, missed, damagedPages }: CpuRecords): void => {
      if (damagedPages > 0 || (missed !== null && !(pages === 1 && this.#late.has(cpu))))
        this.#out.add({ kind: 'blind', cpu }, summary.entries, summary.lastTime)
    }
    const ended = (from: CpuRecords): void => {
      if (from.damagedPages > 0) this.#damagedPages(from)
    }
    const work = inOrder([...cpus.keys()], { show, lacking, ended, rest })
      .catch((error: unknown) => {
        failure = error
      })
      .finally(() => {
        over = true
        wake?.()
      })
    for (;;) {
      const batch = ready.shift()
      if (batch !== undefined) yield batch
      else if (over) break
      else {
        const woken = new Promise<void>((resolve) => (wake = resolve))
        const go = resume as (() => void) | null
        resume = null
        go?.()
        await woken
        wake = null
      }
    }
    await work
    if (failure !== null) throw failure
    if (summary.entries === 0 && summary.inBuffer === null && this.#file.formats.size === 0)
      throw new RecordingError('the trace.dat holds no event formats and no records')
    if (summary.inBuffer === null && summary.entries === 0) summary.inBuffer = 0
    // trace-cmd takes the counts down before it has read the last of what it records.
    const more = summary.inBuffer === null || summary.written === null ? 0 : summary.entries - summary.inBuffer
    if (more > 0) {
      summary.inBuffer! += more
      summary.written! += more
    }
    summary.notes.push(...rebootNotes(this.#out.reboots))
    if (this.#buffers.length > 1)
      summary.notes.push(
        `put together by their times: the buffers ${this.#buffers.map(({ name }) => nameOf(name)).join(', ')}; ${this.#twinsSeen} entries that several of them hold are told once`,
      )
    if (!this.#out.isEmpty) yield this.#out.take()
  }

  /** Reads all pages for what their marks say was overwritten before them: before a CPU's first, its part of the trace begins late. */
  async #foreseeLosses(): Promise<void> {
    if (this.#overwritten === 0) return
    let placed = 0
    let isCounted = true
    for (const cpu of this.#cpus().keys()) {
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

  /** The CPU's records before the current one that are missing or could not be read, as gaps. */
  #gaps(from: CpuRecords): void {
    const { cpu, missed } = from
    const summary = this.#summary
    const at = [summary.entries, summary.lastTime] as const
    from.missed = null
    // What was overwritten before the first page is told by the count of the whole.
    if (missed !== null && !(from.pages === 1 && this.#late.has(cpu)))
      this.#out.add({ kind: 'gap', reason: 'lost', lost: missed < 0 ? null : missed, cpu, line: 0 }, ...at)
    this.#damagedPages(from)
    if (from.hasBegun) return
    from.hasBegun = true
    const notBegun = this.#notBegun.get(cpu)! - 1
    this.#notBegun.set(cpu, notBegun)
    // The buffers of the others begin later than the first, where any was overwritten.
    if (notBegun === 0 && this.#late.size > 0 && summary.entries > 0)
      this.#out.add({ kind: 'gap', reason: 'overwritten', lost: null, cpu, line: 0 }, ...at)
  }

  #damagedPages(from: CpuRecords): void {
    const { entries, lastTime } = this.#summary
    for (; from.damagedPages > 0; from.damagedPages--) {
      this.#unreadable(`a page of CPU ${from.cpu}`)
      this.#out.add({ kind: 'gap', reason: 'unreadable', lost: null, cpu: from.cpu, line: 0 }, entries, lastTime)
    }
  }

  #unreadable(what: string): void {
    const summary = this.#summary
    summary.unparsed++
    if (summary.unreadable.length < UNREADABLE_SHOWN_MAX) summary.unreadable.push(what)
  }

  #unreadableRecord({ cpu, time }: CpuRecords, what: string): void {
    const { entries, lastTime } = this.#summary
    this.#unreadable(`a record of CPU ${cpu} at ${time} ns is ${what}`)
    this.#out.add({ kind: 'gap', reason: 'unreadable', lost: 1, cpu, line: 0 }, entries, lastTime)
  }

  /** A record that was told already. */
  #twin(from: CpuRecords): void {
    if (from.lacks || !from.hasBegun) this.#gaps(from)
    const summary = this.#summary
    this.#twinsSeen++
    if (summary.inBuffer === null || summary.written === null) return
    summary.inBuffer--
    summary.written--
  }

  #record(from: CpuRecords): void {
    if (from.missed !== null || from.damagedPages > 0 || !from.hasBegun) this.#gaps(from)
    const summary = this.#summary
    const { view, start } = from
    const { flags, preempt, pid } = this.#common
    const plan = this.#plans.of(typeOf(this.#common, from, this.#little))
    if (plan === null) {
      this.#unreadableRecord(from, 'of an event without a format')
      return
    }
    const of = view.getInt32(start + pid.offset, this.#little)
    if (of < 0) return this.#unreadableRecord(from, `of the impossible pid ${of}`)
    const number = ++summary.entries
    seeTime(summary, from.time, from.cpu)
    if (of !== this.#lastPid) {
      this.#lastTask = this.#tasks.get(of) ?? this.#addTask(of)
      this.#lastPid = of
    }
    const task = this.#lastTask
    const state = (view.getUint8(start + flags.offset) << 8) | view.getUint8(start + preempt.offset)
    let context = this.#contexts[state]!
    if (context < 0) context = this.#addContext(state)
    if (plan.isNumeric) {
      const shape = this.#plans.shapeOf(plan, from)
      const form = shape < 0 ? -1 : this.#plans.fields(plan.probe!, from)
      if (form >= 0) {
        this.#out.hit(number, 0, from.time, from.cpu, task, context, shape, form, plan.probe!.fields.length)
        return
      }
    }
    if (plan.isWithoutEffect) return this.#keep(number, from, task, of, context, plan.format)
    const told = this.#texts.tell(plan, from)
    if (told === null) return this.#keep(number, from, task, of, context, plan.format)
    const entry: TraceEntry = {
      number,
      line: 0,
      comm: this.#taskNames[task]!,
      pid: of,
      cpu: from.cpu,
      context: this.#contextTexts[context]!,
      time: from.time,
      ...told,
    }
    this.#out.add({ kind: 'entry', entry }, number, from.time)
  }

  #keep(number: number, from: CpuRecords, task: number, pid: number, context: number, format: EventFormat): void {
    this.#kept.add(number, from, task, context, format, { comm: this.#taskNames[task]!, pid, context: this.#contextTexts[context]! })
  }

  #addTask(pid: number): number {
    const comm = pid === 0 ? '<idle>' : (this.#file.comms.get(pid) ?? '<...>')
    this.#taskNames.push(comm)
    const task = this.#out.addTask({ pid, comm })
    this.#tasks.set(pid, task)
    return task
  }

  #addContext(state: number): number {
    const text = contextText(state >> 8, state & 255, this.#style)
    this.#contextTexts.push(text)
    return (this.#contexts[state] = this.#out.addContext(text))
  }

  /** Reads all records for what the pointers of devres_log stand for. */
  async #inferDevres(format: EventFormat): Promise<void> {
    const { pid } = this.#common
    const show = (from: CpuRecords): void => {
      const id = typeOf(this.#common, from, this.#little)
      if (id >= 0 && isTwin?.(from) !== true) this.#devres.see(id, from.view.getInt32(from.start + pid.offset, this.#little), format, from)
    }
    const cpus = this.#cpus()
    const isTwin = this.#twins(cpus)
    await inOrder([...cpus.keys()], { show, lacking: nothing, ended: nothing, rest: () => null })
    this.#summary.notes.push(...this.#devres.conclude())
  }
}
