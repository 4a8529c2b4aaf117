/**
 * Events as JSON lines: what `devtrail export` writes, or a program that keeps what its models say. They are read back into a
 * log, so that every command can be asked about them.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { LOG_SCHEMA_VERSION, type LogMeta, type LogWriter } from '@devtrail/event-log'
import { eventFromJson, nanoseconds, type AnyEvent, type Json } from '@devtrail/events'
import { RecordingError, type KeptEntry } from '@devtrail/linux-trace'
import { vocabulary } from '@devtrail/survey'
import { KeptIntake } from './kept.ts'
import { KeyframedIntake } from './keyframed-intake.ts'

/** The attachment that says how many events a log made of JSON lines has: {@link ReadBack} as JSON. */
export const READ_BACK = 'json-lines.json'
/** Bytes of a line; the longest events have some hundred. */
export const LINE_BYTES_MAX = 1 << 20
const PROGRESS_LINES = 4096
const NEWLINE = 10

export interface ReadBack {
  readonly events: number
}

/** A file of JSON lines. */
export interface JsonLines {
  readonly name: string
  readonly lines: string
  /** SHA-256 of it, hex. */
  readonly fingerprint: () => Promise<string>
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** Whether bytes begin as JSON lines do that are read here. */
export const beginsAsJsonLines = (head: Uint8Array): boolean =>
  /^\{\s*"(?:schemaVersion|seq)"/.test(Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1'))

/** The file as JSON lines; null where it begins like something else. */
export async function openJsonLines(path: string, name: string = basename(resolve(path))): Promise<JsonLines | null> {
  await using file = await open(path)
  const { bytesRead, buffer } = await file.read(Buffer.alloc(32), 0, 32, 0)
  if (!beginsAsJsonLines(buffer.subarray(0, bytesRead))) return null
  return { name, lines: path, fingerprint: () => digest(path) }
}

/** The lines of a file, with their numbers from 1. */
async function* linesOf(path: string, signal: AbortSignal): AsyncGenerator<readonly [number, string]> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 1
  for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      yield [line++, bytes.toString('utf8', from, end)]
      from = end + 1
    }
    rest = bytes.subarray(from)
    if (rest.length > LINE_BYTES_MAX) throw new RecordingError(`line ${line} is longer than ${LINE_BYTES_MAX} bytes: no event is`)
  }
  if (rest.length > 0) yield [line, rest.toString('utf8')]
}

type Line = { readonly [key: string]: unknown }

function parsed(text: string): Line {
  const json: unknown = JSON.parse(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('it should be a JSON object')
  return json as Line
}

/** What the first line of an export says of its log; else what there is to be said of events without one. */
function metaOf(first: Line | null): LogMeta {
  const { epoch, source, notes } = first ?? {}
  const isSource = typeof source === 'object' && source !== null && !Array.isArray(source)
  return {
    schemaVersion: LOG_SCHEMA_VERSION,
    epoch: typeof epoch === 'string' && /^-?\d+$/.test(epoch) ? epoch : '0',
    source: isSource ? (source as LogMeta['source']) : ({ kind: 'events' } satisfies { [key: string]: Json }),
    notes: Array.isArray(notes) ? notes.filter((note): note is string => typeof note === 'string') : [],
  }
}

/** An entry of the recording that has no effect, as it was exported. */
function keptOf(line: Line, last: number): KeptEntry {
  const { entry, time } = line
  if (!Number.isSafeInteger(entry)) throw new TypeError('it has neither the seq of an event nor the entry of a recording')
  if ((entry as number) < last) throw new RangeError(`entry ${last} came before, this is ${String(entry)}`)
  return { ...line, entry: entry as number, ...(typeof time === 'string' && { time: nanoseconds(time) }) }
}

/** `last`: the number of the event before. */
function eventOf(line: Line, last: number): AnyEvent {
  const event = eventFromJson(vocabulary, line)
  // Those of the baseline have all 0.
  if (event.seq !== last + 1 && (event.seq !== 0 || last !== 0))
    throw new RangeError(`event ${last + 1} should come here, found ${event.seq}`)
  return event
}

/** Takes lines into a log. */
class Intake {
  readonly #writer: LogWriter
  readonly #events: KeyframedIntake
  readonly #kept: KeptIntake
  #lastSeq = 0
  #lastKept = 0
  events = 0

  constructor(writer: LogWriter) {
    this.#writer = writer
    this.#events = new KeyframedIntake(writer)
    this.#kept = new KeptIntake(writer)
  }

  async line(line: Line): Promise<void> {
    if (!Object.hasOwn(line, 'seq')) {
      const entry = keptOf(line, this.#lastKept)
      this.#lastKept = entry.entry
      return this.#kept.take(entry)
    }
    const event = eventOf(line, this.#lastSeq)
    await this.#events.take(event)
    this.#lastSeq = event.seq
    this.events++
  }

  async close(): Promise<void> {
    await this.#kept.end()
    await this.#writer.attach(READ_BACK, new TextEncoder().encode(JSON.stringify({ events: this.events } satisfies ReadBack)))
    await this.#writer.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer[Symbol.asyncDispose]()
  }
}

/**
 * Reads JSON lines into a log that `create` makes, whole or not at all.
 * @throws RecordingError with the line that cannot be read.
 */
export async function readBack(
  { name, lines }: JsonLines,
  create: (meta: LogMeta) => Promise<LogWriter>,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (lines: number) => void },
): Promise<void> {
  let intake: Intake | null = null
  try {
    for await (const [number, text] of linesOf(lines, signal)) {
      if (text.trim() === '') continue
      try {
        const line = parsed(text)
        const isMeta = Object.hasOwn(line, 'schemaVersion')
        if (intake === null) {
          intake = new Intake(await create(metaOf(isMeta ? line : null)))
          if (isMeta) continue
        }
        await intake.line(line)
      } catch (error) {
        throw new RecordingError(`${name}, line ${number} is no event: ${(error as Error).message}; export it again`, { cause: error })
      }
      if (number % PROGRESS_LINES === 0) onProgress(intake.events)
    }
    if (intake === null) throw new RecordingError(`${name} has no events`)
    signal.throwIfAborted()
    await intake.close()
  } finally {
    await intake?.[Symbol.asyncDispose]()
  }
}
