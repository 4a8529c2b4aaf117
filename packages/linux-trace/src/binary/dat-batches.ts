/** The records of a trace.dat as batches of entries. */
import { BatchBuilder, type EntryBatch } from '../entries/batch.ts'
import type { ColumnPool } from '../entries/columns.ts'
import { lossNotes, lostOf } from '../cpu-stats.ts'
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
import { DatLosses } from './dat-losses.ts'
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
  readonly #losses: DatLosses
  /** Those that are read: they have one clock. */
  readonly #buffers: readonly DatBuffer[]
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
    this.#losses = new DatLosses(stats, this.#buffers, summary, this.#out)
    summary.uname = file.uname
    summary.clock = this.#buffers[0]?.clock ?? file.clock
    summary.ticks = summary.clock !== null && isCounting(summary.clock)
    summary.notes.push(...lossNotes(stats))
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
    const losses = this.#losses
    await losses.foresee(() => this.#cpus().keys(), this.#isPart)
    const ready: EntryBatch[] = []
    let wake: (() => void) | null = null
    let resume: (() => void) | null = null
    let over = false
    let failure: unknown = null
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
    const lacking = (from: CpuRecords): void => losses.lacking(from)
    const ended = (from: CpuRecords): void => {
      if (from.damagedPages > 0) losses.damagedPages(from)
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

  /** A record that was told already. */
  #twin(from: CpuRecords): void {
    if (from.lacks || !from.hasBegun) this.#losses.before(from)
    const summary = this.#summary
    this.#twinsSeen++
    if (summary.inBuffer === null || summary.written === null) return
    summary.inBuffer--
    summary.written--
  }

  #record(from: CpuRecords): void {
    if (from.missed !== null || from.damagedPages > 0 || !from.hasBegun) this.#losses.before(from)
    const summary = this.#summary
    const { view, start } = from
    const { flags, preempt, pid } = this.#common
    const plan = this.#plans.of(typeOf(this.#common, from, this.#little))
    if (plan === null) {
      this.#losses.unreadableRecord(from, 'of an event without a format')
      return
    }
    const of = view.getInt32(start + pid.offset, this.#little)
    if (of < 0) return this.#losses.unreadableRecord(from, `of the impossible pid ${of}`)
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
