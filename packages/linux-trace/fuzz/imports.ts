/** Imports what an input holds, and what is promised of that, whatever the bytes. */
import { eventFromJson, eventToJson, logCatalogue, Vocabulary, type AnyEvent } from '@devtrail/events'
import { devresCatalogue } from '@devtrail/devres'
import { must, mustBeUnpolluted, text } from '@devtrail/fuzz'
import { memremapCatalogue } from '@devtrail/memremap'
import { nvdimmPmemCatalogue } from '@devtrail/nvdimm-pmem'
import { percpuRefCatalogue } from '@devtrail/percpu-ref'
import { resourceTreeCatalogue } from '@devtrail/resource-tree'
import { RecordingError } from '../src/errors.ts'
import { kernelCatalogue } from '../src/events.ts'
import { KeptReader } from '../src/entries/kept.ts'
import { ownEvent } from '../src/import/glance.ts'
import type { ImportSummary } from '../src/import/contract.ts'
import { importRecording } from '../src/import/importer.ts'
import type { Recording } from '../src/recording.ts'

const vocabulary = new Vocabulary([
  logCatalogue,
  devresCatalogue,
  memremapCatalogue,
  nvdimmPmemCatalogue,
  percpuRefCatalogue,
  resourceTreeCatalogue,
  kernelCatalogue,
])

export interface Imported {
  readonly events: readonly AnyEvent[]
  readonly kept: number
  readonly summary: ImportSummary | null
  /** Why it was refused; null: it was not. */
  readonly refused: string | null
}

/** Imports a recording; a refusal with a message is as good an answer. @throws whatever else goes wrong */
export async function imported(recording: Recording): Promise<Imported> {
  const events: AnyEvent[] = []
  let kept = 0
  const reader = new KeptReader()
  const sink = {
    event: (event: AnyEvent) => void events.push(ownEvent(event)),
    kept: (bytes: Uint8Array) => void (kept += [...reader.read(bytes)].length),
  }
  let summary: ImportSummary | null = null
  let refused: string | null = null
  try {
    summary = await importRecording(recording, sink)
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error
    refused = error.message
    must(refused.length > 20, 'a refusal says what is wrong', refused)
  }
  for (const [i, event] of events.entries()) mustBeAnEvent(event, events[i - 1])
  if (summary !== null) {
    must(summary.events === events.filter(({ seq }) => seq > 0).length, 'all events are counted', summary.events)
    const missing = events.some(({ type }) => type === 'log/gap')
    must(!(summary.complete && summary.unparsed > 0 && !missing), 'what could not be read is a gap')
  }
  mustBeUnpolluted()
  return { events, kept, summary, refused }
}

/** An event that a log can store, numbered after the one before it. */
function mustBeAnEvent(event: AnyEvent, before: AnyEvent | undefined): void {
  const { seq, entry, time, cpu, actor, data } = event
  must(seq === 0 || seq === (before?.seq ?? 0) + 1, 'events are numbered one after the other', seq)
  must(Number.isInteger(time) && time >= 0 && time <= 2 ** 61, 'a time is whole nanoseconds', time)
  must(entry === null || (Number.isSafeInteger(entry) && entry > 0), 'an entry is a number from 1', entry)
  must(cpu === null || (Number.isInteger(cpu) && cpu >= 0 && cpu < 65_536), 'a CPU is a small number', cpu)
  must(actor === null || (Number.isInteger(actor.pid) && actor.pid >= 0), 'a pid is a number', actor?.pid)
  must(Object.getPrototypeOf(data) === Object.prototype, 'data is a plain object')
  // The event's own declaration says of what kind each field is, and reading checks it.
  const back = eventFromJson(vocabulary, eventToJson(vocabulary, event))
  must(text(sorted(back)) === text(sorted(event)), 'an event is what its type declares', text(event))
}

const sorted = (event: AnyEvent): object => ({
  ...event,
  // Past 2^53 a time is exact to the microsecond only.
  time: event.time <= Number.MAX_SAFE_INTEGER ? event.time : 0,
  data: Object.fromEntries(Object.entries(event.data).toSorted(([x], [y]) => (x < y ? -1 : 1))),
})

/** Everything of a run, to compare two of them. */
export const whole = ({ events, kept, summary, refused }: Imported): string => text([events, kept, summary, refused])

/** Bytes in pieces of a length. */
export async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield await Promise.resolve(bytes.subarray(at, at + length))
}
