import type { AnyEvent } from '@devtrail/events'
import { sayBaseline } from '../baseline/baseline.ts'
import { Coverage } from '../coverage.ts'
import {
  bareSymbol,
  missingFields,
  parseHit,
  parseProbeDefinitions,
  isKnownFunction,
  type ProbeDefinition,
  type ProbeHit,
} from '../probes.ts'
import type { Recording } from '../recording.ts'
import type { TraceEntry } from '../text/entry.ts'
import { readTextTrace, type TraceSummary } from '../text/reader.ts'
import { devresLogged } from './binding.ts'
import { consoleAhead, consoleLine, consoleText } from './console.ts'
import { ImportContext, type GapReason } from './context.ts'
import { sayDmesgTail, type ConsoleLine } from './dmesg.ts'
import { handlerOf, tellsNothing } from './handlers.ts'
import { Losses } from './losses.ts'
import { baselineNotes, cutNote, endNotes, entryNote, NOT_FOLLOWED_SHOWN_MAX, probeNotes } from './notes.ts'
import { sayOwnersByNamespace } from './ownerless-pagemaps.ts'
import { Window } from './window.ts'

/** Where an import goes: events in order, and raw entries that are deliberately without effect. */
export interface ImportSink {
  event(event: AnyEvent): void | Promise<void>
  kept(entry: number, line: string): void
}

export interface ImportOptions {
  /** Called now and then with the number of entries read so far. */
  readonly onProgress?: (entries: number) => void
  readonly signal?: AbortSignal
}

/** What an import did. */
export interface ImportSummary {
  entries: number
  events: number
  /** Entries that change nothing, by event name; they are kept as they are. */
  withoutEffect: { [event: string]: number }
  /** Of those, events that are not known here at all. */
  unknown: string[]
  unparsed: number
  /** Entries that are missing; null when some are and nobody can say how many. */
  lost: number | null
  notes: string[]
  /** Whether nothing is missing from the recording's beginning to its end. */
  complete: boolean
  kernel: string | null
}

const PROGRESS_EVERY = 8192
/** Linux has no more CPUs than this (CONFIG_NR_CPUS). */
const CPUS_MAX = 8192

/** Tracepoints that say what happens to the mapping of files, not to the lifetime of pages. */
const DELIBERATE = /^dax_(?:pmd|pte|insert|load|writeback|layout)_?\w*$/

/**
 * Imports a recording: reads its trace as a stream, says what was found and what happened.
 * @throws RecordingError with the place when it cannot be read
 */
export async function importRecording(recording: Recording, sink: ImportSink, options: ImportOptions = {}): Promise<ImportSummary> {
  return new Importer(recording, sink, options).run()
}

class Importer {
  readonly #recording: Recording
  readonly #sink: ImportSink
  readonly #options: ImportOptions
  readonly #trace: TraceSummary = { entries: 0, inBuffer: null, written: null, unparsed: 0, unreadable: [], cpus: null }
  readonly #queue: AnyEvent[] = []
  /** Models whose events are not all recorded: what they hold is true for the moment it was told only. */
  readonly #unrecorded: readonly string[]
  /** Functions whose return probes fetch no value. */
  readonly #silent = new Set<string>()
  /** CPUs whose part of the ring buffer was overwritten up to a later time than this. */
  readonly #blind = new Set<number>()
  readonly #withoutEffect = new Map<string, number>()
  readonly #unknown = new Set<string>()
  readonly #notes: string[] = []
  readonly #probes: ReadonlyMap<string, ProbeDefinition>
  readonly #ctx: ImportContext
  readonly #window: Window
  readonly #losses: Losses
  #lastConsole: ConsoleLine | null = null
  #lastTime = 0
  #lastEntry = 0
  #backwards = 0

  constructor(recording: Recording, sink: ImportSink, options: ImportOptions) {
    this.#recording = recording
    this.#sink = sink
    this.#options = options
    this.#probes = parseProbeDefinitions(recording.kprobeEvents ?? '')
    this.#window = new Window(readTextTrace(recording.trace, this.#trace))
    const coverage = new Coverage(this.#probes, recording.kprobeProfile ?? '')
    this.#unrecorded = [...coverage.missing().keys()]
    this.#losses = new Losses(this.#trace, coverage.missedHits.length > 0)
    this.#ctx = new ImportContext(this.#window, this.#probes, coverage, (event) => this.#queue.push(event))
  }

  async run(): Promise<ImportSummary> {
    const first = await this.#window.first()
    this.#lastTime = first?.time ?? 0
    this.#ctx.leave(this.#lastTime)
    const missing = sayBaseline(this.#ctx, this.#recording)
    this.#notes.push(...baselineNotes(this.#recording, missing), ...probeNotes(this.#ctx.coverage, this.#probes))
    for (const cpu of this.#lateCpus(first)) this.#blind.add(cpu)
    await this.#flush()
    for (let item = await this.#window.next(); item !== null; item = await this.#window.next()) {
      this.#options.signal?.throwIfAborted()
      if (item.kind === 'gap') this.#gap(item.reason, item.lost, item.cpu)
      else this.#entry(item.entry)
      if (this.#queue.length >= 1024) await this.#flush()
    }
    this.#end()
    await this.#flush()
    return this.#summary()
  }

  async #flush(): Promise<void> {
    for (const event of this.#queue) {
      const done = this.#sink.event(event)
      if (done !== undefined) await done
    }
    this.#queue.length = 0
  }

  #gap(reason: GapReason, lost: number | null, cpu: number | null): void {
    this.#losses.gap(reason, lost)
    if (reason === 'overwritten' && cpu !== null) this.#blind.delete(cpu)
    this.#ctx.leave(this.#lastTime, reason === 'cut' ? null : this.#lastEntry + 1)
    this.#ctx.gap(reason, lost, cpu)
  }

  #entry(entry: TraceEntry): void {
    if (entry.time < this.#lastTime) this.#backwards++
    this.#lastTime = entry.time
    this.#lastEntry = entry.number
    if (entry.number % PROGRESS_EVERY === 0) this.#options.onProgress?.(entry.number)
    if (this.#tracepoint(entry)) return
    const hit = parseHit(entry.event, entry.body, this.#probes)
    const handler = hit === null ? undefined : handlerOf(hit)
    if (hit === null ? this.#isCut(entry) : handler !== undefined && missingFields(hit).length > 0) return this.#unreadable(entry, hit)
    if (hit === null || handler === undefined) return this.#keep(entry, hit !== null && isKnownFunction(hit.symbol))
    this.#doubt(entry)
    this.#ctx.turnTo(entry, hit)
    this.#ctx.coverage.see(hit)
    if (tellsNothing(hit)) this.#outcomeUnknown(hit)
    else handler(this.#ctx, hit)
    this.#ctx.sayDoubts()
  }

  /** CPUs that may have lost entries after the first entry there is: those whose buffer is said to begin later. */
  #lateCpus(first: TraceEntry | null): readonly number[] {
    const { inBuffer, written, cpus } = this.#trace
    if (first === null || inBuffer === null || written === null || written <= inBuffer) return []
    const late = this.#recording.lateCpus ?? Array.from({ length: Math.min(cpus ?? CPUS_MAX, CPUS_MAX) }, (_, cpu) => cpu)
    return late.filter((cpu) => cpu !== first.cpu)
  }

  /**
   * While the buffer of another CPU has not begun, entries of that CPU may be missing anywhere: what is known holds
   * only until the next entry.
   */
  #doubt(entry: TraceEntry): void {
    if (this.#unrecorded.length > 0) {
      this.#ctx.leave(entry.time, entry.number)
      for (const model of this.#unrecorded) this.#ctx.doubt(null, 'unrecorded', model)
    }
    if (this.#blind.size === 0 || (this.#blind.size === 1 && this.#blind.has(entry.cpu))) return
    this.#ctx.leave(entry.time, entry.number)
    this.#ctx.doubt([...this.#blind].find((cpu) => cpu !== entry.cpu) ?? null)
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
        ctx.turnTo(entry, null)
        const text = consoleText(entry)
        this.#lastConsole = { text, time: entry.time }
        consoleLine(ctx, text, () => consoleAhead(ctx))
        return true
      }
      case 'tracing_mark_write':
      case 'print':
        ctx.turnTo(entry, null)
        ctx.say('kernel/marked', { text: entry.body })
        return true
      default:
        return false
    }
  }

  /** `known`: an entry whose function has a meaning here, but not at this edge (a return that tells nothing). */
  #keep(entry: TraceEntry, known = false): void {
    this.#withoutEffect.set(entry.event, (this.#withoutEffect.get(entry.event) ?? 0) + 1)
    if (!known && !DELIBERATE.test(entry.event)) this.#unknown.add(entry.event)
    const { comm, pid, cpu, context, time, event, body } = entry
    this.#sink.kept(entry.number, JSON.stringify({ comm, pid, cpu, context, time, event, body }))
  }

  /** Everything that follows from the recording being over. */
  #end(): void {
    const ctx = this.#ctx
    const { entries, inBuffer } = this.#trace
    ctx.leave(this.#lastTime)
    if (inBuffer !== null && entries < inBuffer) {
      this.#notes.push(cutNote(entries, inBuffer))
      this.#gap('cut', inBuffer - entries, null)
    }
    sayOwnersByNamespace(ctx)
    if (this.#recording.dmesg !== undefined && entries > 0) sayDmesgTail(ctx, this.#recording.dmesg, this.#lastTime, this.#lastConsole)
    ctx.say('log/ended', { complete: this.#losses.endIsWhole })
  }

  #summary(): ImportSummary {
    const { entries, unparsed } = this.#trace
    const { notFollowed, lost, none } = this.#losses
    this.#notes.push(...endNotes(this.#trace, { notFollowed, backwards: this.#backwards, silent: this.#silent }))
    return {
      entries,
      events: this.#ctx.seq,
      withoutEffect: Object.fromEntries([...this.#withoutEffect].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      unknown: [...this.#unknown].toSorted(),
      unparsed,
      lost,
      notes: this.#notes,
      complete: none,
      kernel: this.#recording.uname === undefined ? null : this.#recording.uname.trim() || null,
    }
  }
}
