import type { AnyEvent, Json, Model } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import { importRecording, type ImportSummary, type ModelStates, type Recording } from '@devtrail/linux-trace'
import { KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { models } from '../models.ts'
import { foldVersion } from './code-version.ts'
import { bringsDevice, LogKeys } from './keys.ts'

/** The attachment that holds what the import found: an {@link Imported} as JSON. */
export const SUMMARY = 'import.json'
/** Attachments `kept.000001.ndjson`, …: entries without effect, a line each. */
export const keptName = (n: number): string => `kept.${String(n).padStart(6, '0')}.ndjson`

const BATCH_EVENTS = 2000
const KEPT_BYTES = 16 * 1024 * 1024

/** What a log says of the import that made it. */
export interface Imported {
  readonly name: string
  readonly importer: string
  readonly summary: ImportSummary
  /** The keys of its devices, without bookkeeping ones. */
  readonly devices: readonly string[]
}

/** The meta of a log that a recording is imported into. */
export function metaOf(recording: Recording, importer: string): LogMeta {
  const source: { [key: string]: Json } = { kind: 'recording', name: recording.name, importer, uname: recording.uname?.trim() ?? null }
  return { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source, notes: [] }
}

/** Models whose states the import itself folds. */
const FOLDED: ReadonlySet<string> = new Set<keyof ModelStates>(['devres', 'resource-tree', 'memremap', 'nvdimm-pmem'])

/** Writes what an import says into a log, with keyframes on the way: their states are those that the import folds. */
class Intake {
  readonly #writer: LogWriter
  readonly #machine = new Machine(models)
  readonly #keyframes = new KeyframeRecorder(this.#machine)
  readonly #fold = foldVersion()
  readonly #others: readonly Model[] = models.filter(({ name }) => !FOLDED.has(name))
  readonly #keys = new LogKeys()
  #events: AnyEvent[] = []
  #kept: Uint8Array[] = []
  #keptBytes = 0
  #keptFiles = 0
  #appending: Promise<unknown> | null = null
  /** Work on the disk that nothing has to wait for yet. */
  #beside: Promise<unknown> | null = null

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  get states(): ModelStates {
    return Object.fromEntries([...FOLDED].map((name) => [name, this.#machine.state(name)])) as unknown as ModelStates
  }

  /** The keys of all devices there were, without bookkeeping ones. */
  get devices(): string[] {
    return [...new Set(this.#machine.devices().flatMap((d) => (d.bookkeeping ? [] : [this.#keys.keyOf(d)])))]
  }

  event(event: AnyEvent): Promise<unknown> | undefined {
    this.#machine.step(event, this.#others)
    this.#events.push(event)
    if (bringsDevice(event.type)) this.#keys.see(this.#machine.devices())
    if (this.#keyframes.isDue(event.seq)) return this.#keyframe(event.seq)
    return this.#events.length >= BATCH_EVENTS ? this.#append() : undefined
  }

  /** Hands over to the system what came so far: whoever reads the log beside sees it. */
  async idle(): Promise<void> {
    await this.#append()
    await this.#writer.flush('written')
  }

  kept(lines: Uint8Array): void {
    this.#kept.push(lines)
    this.#keptBytes += lines.length
  }

  /** Hands the events over, and waits for those handed over before them. */
  async #append(): Promise<void> {
    const events = this.#events
    this.#events = []
    const before = this.#appending
    if (events.length > 0) {
      this.#appending = this.#writer.append(events)
      this.#appending.catch(() => {})
    }
    await before
    if (this.#keptBytes >= KEPT_BYTES) await this.#attachKept()
  }

  async #keyframe(seq: number): Promise<void> {
    const keyframe = this.#keyframes.cut(seq)
    await this.#append()
    await this.#appending
    await this.#doBeside(() => this.#writer.keyframe(this.#fold, keyframe))
  }

  async #attachKept(): Promise<void> {
    const bytes = Buffer.concat(this.#kept)
    this.#kept = []
    this.#keptBytes = 0
    const name = keptName(++this.#keptFiles)
    await this.#doBeside(() => this.#writer.attach(name, bytes))
  }

  /** Begins a piece of work when the one before it is over, and does not wait for its end. */
  async #doBeside(work: () => Promise<unknown>): Promise<void> {
    await this.#beside
    this.#beside = work()
    // Whoever waits for it is told.
    this.#beside.catch(() => {})
  }

  async end(): Promise<void> {
    await this.#append()
    await this.#appending
    if (this.#keptBytes > 0) await this.#attachKept()
    await this.#beside
  }
}

/** Imports a recording into a log. */
export async function importInto(
  writer: LogWriter,
  recording: Recording,
  importer: string,
  options: { readonly signal?: AbortSignal; readonly onProgress: (entries: number) => void; readonly quiet?: () => Promise<void> },
): Promise<Imported> {
  const intake = new Intake(writer)
  const sink = { event: (e: AnyEvent) => intake.event(e), kept: (lines: Uint8Array) => intake.kept(lines), idle: () => intake.idle() }
  const summary = await importRecording(recording, sink, { ...options, states: intake.states })
  await intake.end()
  const imported: Imported = { name: recording.name, importer, summary, devices: intake.devices }
  await writer.attach(SUMMARY, new TextEncoder().encode(`${JSON.stringify(imported, null, 2)}\n`))
  return imported
}
