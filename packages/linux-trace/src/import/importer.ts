import { sayBaseline } from '../baseline/baseline.ts'
import { Coverage } from '../coverage.ts'
import { bareSymbol, parseHit, parseProbeDefinitions, type ProbeDefinition } from '../probes.ts'
import { isKnownFunction } from '../known-probes.ts'
import type { ProbeHit } from '../probe-hit.ts'
import { kernelVersion } from '../kernel-version.ts'
import type { Foreseen, Recording } from '../recording.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { TraceItem } from '../text/reader.ts'
import { newSummary } from '../text/summary.ts'
import { readTextBatches } from '../text/batches.ts'
import type { EntryBatch } from '../entries/batch.ts'
import { KeptWriter } from '../entries/kept-writer.ts'
import type { Row } from '../entries/row.ts'
import { announcedAtEnd, lateCpus, lostNowhere } from './announced.ts'
import { devresLogged } from './binding.ts'
import { BlindCpus } from './blind-cpus.ts'
import { consoleAhead, consoleLine, consoleText } from './console.ts'
import { deviceMemoryAtStart } from './named-by-page.ts'
import type { ImportOptions, ImportSink, ImportSummary } from './contract.ts'
import { ImportContext, type GapReason } from './context.ts'
import { sayDmesgTail, type ConsoleLine } from './dmesg.ts'
import { clockInUse, clockNotes } from '../clocks.ts'
import { epochNotes } from '../epoch.ts'
import type { Handler } from './handlers.ts'
import { HitPlans } from './hit-plans.ts'
import { lossNotes, lostOf, parseCpuStats, type CpuStat } from '../cpu-stats.ts'
import { Losses } from './losses.ts'
import { mustBeImportable } from './misuse.ts'
import { sayMissedReturns } from './missed-returns.ts'
import { baselineNotes, endNotes, entryNote, NOT_FOLLOWED_SHOWN_MAX, probeNotes, unplacedNote } from './notes.ts'
import { sayOwnersByNamespace } from './ownerless-pagemaps.ts'
import { StraightWay } from './straight-way.ts'
import { Window } from './window.ts'
import { WithoutEffect } from './without-effect.ts'

const PROGRESS_EVERY = 8192

/**
 * Imports a recording: reads its trace as a stream, says what was found and what happened.
 * @throws RecordingError with the place when it cannot be read, or was read before
 */
export async function importRecording(recording: Recording, sink: ImportSink, options: ImportOptions = {}): Promise<ImportSummary> {
  mustBeImportable(recording, sink)
  return new Importer(recording, sink, options).run()
}

class Importer {
  readonly #recording: Recording
  readonly #sink: ImportSink
  readonly #options: ImportOptions
  readonly #trace = newSummary()
  /** While the sink wants to be waited for. */
  #taking: Promise<unknown> | null = null
  /** Models whose events are not all recorded: what they hold is true for the moment it was told only. */
  readonly #unrecorded: readonly string[]
  /** Functions whose return probes fetch no value. */
  readonly #silent = new Set<string>()
  /** What a look through the whole trace told; null where there was none. */
  #foreseen: Foreseen | null = null
  readonly #blind: BlindCpus
  readonly #withoutEffect = new WithoutEffect()
  readonly #notes: string[] = []
  readonly #probes: ReadonlyMap<string, ProbeDefinition>
  readonly #ctx: ImportContext
  readonly #window: Window
  readonly #losses: Losses
  readonly #stats: readonly CpuStat[]
  #lastConsole: ConsoleLine | null = null
  #progress = 0
  /** Of a live trace: what was read is gone through before more is waited for. */
  #isQuiet = false
  readonly #keptWriter = new KeptWriter()
  readonly #plans: HitPlans
  /** Null where all events are to be objects. */
  readonly #straight: StraightWay | null

  constructor(recording: Recording, sink: ImportSink, options: ImportOptions) {
    this.#recording = recording
    this.#sink = sink
    this.#options = options
    this.#probes = parseProbeDefinitions(recording.kprobeEvents ?? '')
    const { trace, kprobeEvents } = recording
    const batches = typeof trace === 'function' ? trace(this.#trace, kprobeEvents ?? '') : readTextBatches(trace, this.#trace, this.#probes)
    this.#window = new Window(
      batches,
      (batch) => this.#seeBatch(batch),
      (bytes) => this.#waitFor(this.#sink.kept(bytes)),
    )
    const coverage = new Coverage(this.#probes, recording.kprobeProfile ?? '')
    this.#unrecorded = coverage.partial
    this.#stats = parseCpuStats(recording.stats ?? '')
    this.#losses = new Losses(this.#trace, coverage, lostOf(this.#stats))
    this.#ctx = new ImportContext(this.#window, this.#probes, coverage, (event) => this.#waitFor(this.#sink.event(event)), options.states)
    this.#plans = new HitPlans(coverage)
    this.#blind = new BlindCpus(this.#ctx)
    const taker = sink.rows
    this.#straight =
      taker === undefined
        ? null
        : new StraightWay(this.#ctx, this.#plans.byShape, {
            room: (seq) => taker.room(seq),
            take: (rows) => this.#waitFor(taker.take(rows)),
          })
  }

  /** However it ends, the trace is let go of. */
  async run(): Promise<ImportSummary> {
    try {
      return await this.#import(this.#window)
    } finally {
      await this.#window.close()
    }
  }

  async #import(window: Window): Promise<ImportSummary> {
    // Both read the trace, at the same time.
    const foreseeing = this.#recording.foresee?.()
    foreseeing?.catch(() => {})
    this.#isQuiet = !(await window.fill(this.#options.quiet))
    this.#foreseen = (await foreseeing) ?? null
    this.#blind.foresee(this.#foreseen?.blind ?? [])
    this.#ctx.version = kernelVersion(this.#uname)
    this.#notes.push(...clockNotes(this.#clock, this.#trace.ticks), ...epochNotes(this.#trace.epoch, this.#trace.ticks))
    this.#ctx.leave(this.#trace.first?.time ?? 0)
    const missing = sayBaseline(this.#ctx, this.#recording)
    this.#ctx.deviceMemoryAtStart = deviceMemoryAtStart(this.#ctx)
    this.#notes.push(...baselineNotes(this.#recording, missing), ...probeNotes(this.#ctx.coverage, this.#probes))
    sayMissedReturns(this.#ctx)
    this.#blind.addFromStart([...lateCpus(this.#trace, this.#foreseen), ...(lostNowhere(this.#stats, this.#foreseen) > 0 ? [null] : [])])
    this.#notes.push(...lossNotes(this.#stats))
    await this.#settled()
    this.#options.signal?.throwIfAborted()
    for (;;) {
      const isOver = this.#rows(window)
      if (this.#taking !== null) await this.#settled()
      if (isOver && window.hasEnded) break
      if (isOver) await this.#idle()
      else if (!window.isLow || this.#isQuiet) continue
      this.#options.signal?.throwIfAborted()
      this.#isQuiet = !(await window.fill(this.#options.quiet))
    }
    this.#end()
    await this.#settled()
    return this.#summary()
  }

  /** Goes through rows until there is something to wait for. @returns whether all that were read are done. */
  #rows(window: Window): boolean {
    do {
      if (!window.step()) return true
      const { item } = window
      if (item !== null || !this.#goStraight(window)) this.#row(item)
    } while (this.#taking === null && (this.#isQuiet || !window.isLow))
    return false
  }

  /** Goes through entries that come by the million, while nothing is in doubt. @returns whether there were any from the current one on. */
  #goStraight(window: Window): boolean {
    const straight = this.#straight
    if (straight === null || this.#unrecorded.length > 0 || !this.#blind.areNone) return false
    const { batch, at, rows } = window.stretch
    const done = straight.go(batch, window.tables, at, at + rows)
    if (done === 0) return false
    window.skip(done - 1)
    this.#blind.said(window.number, window.time)
    return true
  }

  /** What was noted beside the trace comes before what the trace says of itself, which is less. */
  get #uname(): string | null {
    return this.#recording.uname ?? this.#trace.uname
  }

  get #clock(): string | null {
    return clockInUse(this.#recording.traceClock ?? '') ?? this.#trace.clock
  }

  /** All that waited long enough for what follows it is gone through: more is waited for. */
  async #idle(): Promise<void> {
    this.#isQuiet = false
    await this.#sink.idle?.()
  }

  #waitFor(taking: void | null | Promise<unknown>): void {
    if (taking != null) this.#taking = this.#taking === null ? taking : Promise.all([this.#taking, taking])
  }

  /** Waits until the sink is ready for more. */
  async #settled(): Promise<void> {
    const taking = this.#taking
    this.#taking = null
    await taking
  }

  /** Takes note of a batch as it is read, ahead of the rows being handled. */
  #seeBatch({ keptEvents }: EntryBatch): void {
    for (const [event, n] of keptEvents) this.#withoutEffect.count(event, n, false)
    const { entries } = this.#trace
    if (entries - this.#progress < PROGRESS_EVERY) return
    this.#progress = entries
    this.#options.onProgress?.(entries)
  }

  #row(item: TraceItem | null): void {
    if (item === null) this.#hit(this.#window.hit())
    else if (item.kind === 'gap') this.#gap(item.reason, item.lost, item.cpu, this.#window)
    else if (item.kind === 'blind') this.#blind.add(item.cpu, this.#window.number)
    else this.#entry(item.entry)
  }

  #gap(reason: GapReason, lost: number | null, cpu: number | null, after: { readonly number: number; readonly time: number }): void {
    this.#losses.gap(reason, lost)
    if (cpu !== null) this.#sees(cpu, reason, after.number)
    this.#ctx.leave(after.time, reason === 'cut' ? null : after.number + 1)
    this.#ctx.gap(reason, lost, cpu)
  }

  /** The entries of a CPU are there again. */
  #sees(cpu: number, reason: GapReason, after: number): void {
    if (!this.#blind.sees(cpu, after) && reason === 'lost' && this.#foreseen === null)
      this.#notes.push(
        `entries of CPU ${cpu} were lost before entry ${after + 1}: what is said between its last entry and that one may lack what they did`,
      )
  }

  /** An entry of the columns. */
  #hit(row: Row): void {
    const plan = this.#plans.ofRow(row)
    if (plan.handler === null) {
      if (plan.known === null) return this.#unreadable(row, row)
      return this.#keep(row, plan.known)
    }
    this.#handle(row, row, plan.handler, plan.tellsNothing)
  }

  #entry(entry: TraceEntry): void {
    if (this.#tracepoint(entry)) return
    const hit = parseHit(entry.event, entry.body, this.#probes)
    if (hit === null) return this.#isCut(entry) ? this.#unreadable(entry, hit) : this.#keep(entry)
    const { handler, known, tellsNothing: silent } = this.#plans.of(hit)
    if (handler !== null) this.#handle(entry, hit, handler, silent)
    else if (known === null) this.#unreadable(entry, hit)
    else this.#keep(entry, known)
  }

  #handle(entry: TraceEntry, hit: ProbeHit, handler: Handler, silent: boolean): void {
    this.#doubt(entry)
    this.#ctx.turnTo(entry, hit)
    if (silent) this.#outcomeUnknown(hit)
    else handler(this.#ctx, hit)
    this.#ctx.sayDoubts()
  }

  /** What is known where not all is recorded, or CPUs are blind, holds only until the next entry. */
  #doubt(entry: TraceEntry): void {
    if (this.#unrecorded.length > 0) {
      this.#ctx.leave(entry.time, entry.number)
      for (const model of this.#unrecorded) this.#ctx.doubt(null, 'unrecorded', model)
    }
    this.#blind.doubtBefore(entry)
  }

  /** An entry of a probe that has a meaning here, or the words of one, cut before its end. */
  #isCut(entry: TraceEntry): boolean {
    const symbol = this.#probes.get(entry.event)?.symbol ?? bareSymbol(/^\(([\w.]+)/.exec(entry.body)?.[1] ?? '')
    return entry.event === 'devres_log' || isKnownFunction(symbol)
  }

  /** An entry that matters and cannot be followed: what it may have changed is no longer known. */
  #unreadable(entry: TraceEntry, hit: ProbeHit | null): void {
    this.#losses.entryNotFollowed()
    if (this.#losses.notFollowed <= NOT_FOLLOWED_SHOWN_MAX) this.#notes.push(entryNote(entry, hit))
    this.#ctx.leave(entry.time, entry.number)
    this.#ctx.gap('unreadable', 1, null)
    this.#keep(entry, true)
  }

  /** A call returned and the user's probe does not fetch how: what it may have changed is no longer known. */
  #outcomeUnknown(hit: ProbeHit): void {
    this.#ctx.leaveCall(hit)
    this.#ctx.unpaired(hit)
    this.#ctx.doubt(null, 'unreadable')
    this.#silent.add(hit.symbol)
  }

  /** Entries that are no probes'. Returns false when it is none of those known. */
  #tracepoint(entry: TraceEntry): boolean {
    const ctx = this.#ctx
    switch (entry.event) {
      case 'devres_log':
        this.#doubt(entry)
        ctx.turnTo(entry, null)
        if (!devresLogged(ctx, entry)) return false
        ctx.sayDoubts()
        return true
      case 'console': {
        this.#blind.doubtBefore(entry)
        ctx.turnTo(entry, null)
        const text = consoleText(entry)
        this.#lastConsole = { text, time: entry.time }
        consoleLine(ctx, text, () => consoleAhead(ctx))
        return true
      }
      case 'tracing_mark_write':
      case 'print':
        this.#blind.doubtBefore(entry)
        ctx.turnTo(entry, null)
        ctx.say('kernel/marked', { text: entry.body })
        return true
      default:
        return false
    }
  }

  /** `known`: an entry whose function has a meaning here, but not at this edge (a return that tells nothing). */
  #keep(entry: TraceEntry, known = false): void {
    this.#withoutEffect.count(entry.event, 1, known)
    this.#window.handOutKept()
    this.#keptWriter.entry(entry)
    this.#waitFor(this.#sink.kept(this.#keptWriter.take()))
  }

  /** Everything that follows from the recording being over. */
  #end(): void {
    const ctx = this.#ctx
    const { entries, lastTime } = this.#trace
    ctx.leave(lastTime)
    this.#sayCut()
    sayOwnersByNamespace(ctx)
    if (this.#recording.dmesg !== undefined && entries > 0)
      sayDmesgTail(
        ctx,
        this.#recording.dmesg,
        { time: lastTime, ticks: this.#trace.ticks, epoch: this.#trace.epoch ?? 0 },
        this.#lastConsole,
      )
    if (this.#losses.unplaced > 0) this.#notes.push(unplacedNote(this.#losses.unplaced))
    if (entries > 0) this.#blind.doubtUpTo(entries, lastTime)
    ctx.say('log/ended', { complete: this.#losses.endIsWhole && !this.#blind.areAny })
  }

  /** Entries that were announced, and are not there: by the header, or by what the kernel counted. */
  #sayCut(): void {
    const { entries, lastTime } = this.#trace
    const announced = announcedAtEnd(this.#trace, this.#stats)
    this.#notes.push(...announced.notes)
    if (announced.entries > entries) this.#gap('cut', announced.entries - entries, null, { number: entries, time: lastTime })
    this.#losses.announce(announced.entries)
  }

  #summary(): ImportSummary {
    const { entries, unparsed } = this.#trace
    const { notFollowed, lost, none, lacks } = this.#losses
    this.#notes.push(...endNotes(this.#trace, { notFollowed, silent: this.#silent, hasAddresses: this.#plans.hasAddresses }))
    return {
      entries,
      events: this.#ctx.seq,
      withoutEffect: this.#withoutEffect.counts,
      unknown: this.#withoutEffect.unknown,
      unparsed,
      lost,
      notes: this.#notes,
      complete: none,
      incomplete: lacks,
      kernel: this.#uname?.trim() || null,
      clock: this.#clock,
    }
  }
}
