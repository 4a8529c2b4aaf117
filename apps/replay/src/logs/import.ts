import type { AnyEvent, Json } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import { importRecording, type ImportSummary, type Recording } from '@devtrail/linux-trace'
import { KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { models } from '../models.ts'
import { foldVersion } from './code-version.ts'

/** The attachment that holds what the import found: an {@link Imported} as JSON. */
export const SUMMARY = 'import.json'
/** Attachments `kept.000001.ndjson`, …: entries without effect, one `{"entry","line"}` a line. */
export const keptName = (n: number): string => `kept.${String(n).padStart(6, '0')}.ndjson`

const BATCH_EVENTS = 2000
const KEPT_CHARS = 4 * 1024 * 1024

/** What a log says of the import that made it. */
export interface Imported {
  readonly name: string
  readonly importer: string
  readonly summary: ImportSummary
}

/** The meta of a log that a recording is imported into. */
export function metaOf(recording: Recording, importer: string): LogMeta {
  const source: { [key: string]: Json } = { kind: 'recording', name: recording.name, importer, uname: recording.uname?.trim() ?? null }
  return { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source, notes: [] }
}

/** Gathers events and kept lines into pieces that the log takes at once, and folds the events for keyframes on the way. */
class Batches {
  readonly #writer: LogWriter
  readonly #keyframes = new KeyframeRecorder(new Machine(models))
  readonly #fold = foldVersion()
  #events: AnyEvent[] = []
  #kept = ''
  #keptFiles = 0

  constructor(writer: LogWriter) {
    this.#writer = writer
  }

  event(event: AnyEvent): Promise<void> | undefined {
    this.#events.push(event)
    return this.#events.length >= BATCH_EVENTS ? this.flush(false) : undefined
  }

  kept(entry: number, line: string): void {
    this.#kept += `${JSON.stringify({ entry, line })}\n`
  }

  async #append(events: readonly AnyEvent[]): Promise<void> {
    await this.#writer.append(events)
    for (const event of events) this.#keyframes.machine.step(event)
    const { seq } = events.at(-1)!
    if (this.#keyframes.isDue(seq)) await this.#writer.keyframe(this.#fold, this.#keyframes.cut(seq))
  }

  async flush(end: boolean): Promise<void> {
    const events = this.#events
    this.#events = []
    if (events.length > 0) await this.#append(events)
    if (this.#kept.length < KEPT_CHARS && !(end && this.#kept !== '')) return
    const bytes = new TextEncoder().encode(this.#kept)
    this.#kept = ''
    await this.#writer.attach(keptName(++this.#keptFiles), bytes)
  }
}

/** Imports a recording into a log. */
export async function importInto(
  writer: LogWriter,
  recording: Recording,
  importer: string,
  options: { readonly signal: AbortSignal; readonly onProgress: (entries: number) => void },
): Promise<Imported> {
  const batches = new Batches(writer)
  const summary = await importRecording(
    recording,
    { event: (e) => batches.event(e), kept: (entry, line) => batches.kept(entry, line) },
    options,
  )
  await batches.flush(true)
  const imported: Imported = { name: recording.name, importer, summary }
  await writer.attach(SUMMARY, new TextEncoder().encode(`${JSON.stringify(imported, null, 2)}\n`))
  return imported
}
