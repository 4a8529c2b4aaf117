import type { AnyEvent, Json } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import {
  importRecording,
  type ImportSink,
  type ImportSummary,
  type ModelStates,
  type Recording,
  type RowTaker,
} from '@devtrail/linux-trace'
import { EventFold, KeyframeRecorder, LogKeys, Machine } from '@devtrail/time-travel'
import { models } from '@devtrail/survey'
import { Beside } from './beside.ts'
import { foldVersion } from './code-version.ts'
import { KEPT_BYTES, keptName, packedKept } from './kept.ts'

/** The attachment that holds what the import found: an {@link Imported} as JSON. */
export const SUMMARY = 'import.json'

/** What a log says of the import that made it. */
export interface Imported {
  readonly name: string
  readonly importer: string
  readonly summary: ImportSummary
  /** The keys of its devices, without bookkeeping ones. */
  readonly devices: readonly string[]
  /** Entries without effect are not in the log: it is a redacted one. */
  readonly leftOut?: true
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
  readonly #foldVersion = foldVersion()
  readonly #fold = new EventFold(
    this.#machine,
    models.filter(({ name }) => !FOLDED.has(name)),
  )
  #kept = new Uint8Array(0)
  /** Memory of entries that are attached. */
  readonly #spareKept: Uint8Array<ArrayBuffer>[] = []
  #keptBytes = 0
  #keptFiles = 0
  readonly #beside = new Beside()

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  get states(): ModelStates {
    return Object.fromEntries([...FOLDED].map((name) => [name, this.#machine.state(name)])) as unknown as ModelStates
  }

  /** The keys of all devices there were, without bookkeeping ones. */
  get devices(): string[] {
    const devices = this.#machine.devices()
    const keys = new LogKeys(this.#machine, devices)
    return [...new Set(devices.flatMap((d) => (d.bookkeeping ? [] : [keys.keyOf(d)])))]
  }

  event(event: AnyEvent): Promise<unknown> | null {
    this.#fold.step(event)
    const taking = this.#writer.take(event)
    return this.#keyframes.isDue(event.seq) ? this.#keyframe(event.seq, taking) : taking
  }

  readonly rows: RowTaker = {
    room: (seq) => this.#keyframes.room(seq),
    take: (rows) => {
      this.#fold.stepRows(rows)
      const taking = this.#writer.takeRows(rows)
      const last = rows.seq + rows.count - 1
      return this.#keyframes.isDue(last) ? this.#keyframe(last, taking) : taking
    },
  }

  /** Hands over to the system what came so far: whoever reads the log beside sees it. */
  async idle(): Promise<void> {
    await this.#writer.flush('written')
  }

  kept(bytes: Uint8Array): Promise<unknown> | null {
    const isFull = this.#keptBytes + bytes.length > this.#kept.length
    const attaching = isFull && this.#keptBytes > 0 ? this.#attachKept() : null
    if (isFull)
      this.#kept = (bytes.length <= KEPT_BYTES ? this.#spareKept.pop() : undefined) ?? new Uint8Array(Math.max(KEPT_BYTES, bytes.length))
    this.#kept.set(bytes, this.#keptBytes)
    this.#keptBytes += bytes.length
    return attaching
  }

  async #keyframe(seq: number, taking: Promise<unknown> | null): Promise<void> {
    this.#fold.settle()
    const keyframe = this.#keyframes.cut(seq)
    await taking
    const bytes = keyframe.parts.reduce((sum, [, part]) => sum + (part?.length ?? 0), 0)
    await this.#beside.do(bytes, () => this.#writer.keyframe(this.#foldVersion, keyframe))
  }

  #attachKept(): Promise<unknown> | null {
    const kept = this.#kept
    const bytes = kept.subarray(0, this.#keptBytes)
    this.#kept = new Uint8Array(0)
    this.#keptBytes = 0
    const name = keptName(++this.#keptFiles)
    return this.#beside.do(kept.length, async () => {
      const packed = await packedKept(bytes)
      if (kept.length === KEPT_BYTES) this.#spareKept.push(kept)
      await this.#writer.attach(name, packed)
    })
  }

  async end(): Promise<void> {
    if (this.#keptBytes > 0) void this.#attachKept()
    await this.#beside.done()
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
  const sink: ImportSink = {
    event: (event) => intake.event(event),
    rows: intake.rows,
    kept: (bytes) => intake.kept(bytes),
    idle: () => intake.idle(),
  }
  const summary = await importRecording(recording, sink, { ...options, states: intake.states })
  await intake.end()
  const imported: Imported = { name: recording.name, importer, summary, devices: intake.devices }
  await writer.attach(SUMMARY, new TextEncoder().encode(`${JSON.stringify(imported, null, 2)}\n`))
  return imported
}
