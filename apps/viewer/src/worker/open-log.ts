/** A log that is read wherever its files lie: all of it, or from where it is known on. */
import type { LogReader } from '@devtrail/event-log'
import type { BlockSummary } from '@devtrail/events'
import { openLogFiles, type LogFiles } from '@devtrail/event-log/read'
import { clockInWords, goneInWords, hostClocksTold, models, startOf, vocabulary } from '@devtrail/survey'
import { History, LogBlocks, sourceFrom, type EventSource } from '@devtrail/time-travel'
import type { Opened } from '../protocol.ts'
import { importedOf, type ImportSummary } from './imported.ts'

export interface OpenLog {
  readonly reader: LogReader
  /** What of it is known: its head may be gone. */
  readonly source: EventSource
  readonly history: History
  readonly imported: ImportSummary
}

/** What tells a log from all others; null when it is not there. */
export async function idOf(files: LogFiles): Promise<string | null> {
  const head = await files.open('log.json')
  if (head === null) return null
  const bytes = new Uint8Array(await head.size())
  await head.read(bytes, 0)
  return (JSON.parse(new TextDecoder().decode(bytes)) as { readonly id?: string }).id ?? null
}

/** @param fold the name of the fold whose keyframes are used. */
export async function openLog(files: LogFiles, fold: string): Promise<OpenLog> {
  const reader = await openLogFiles(files, vocabulary)
  const imported = await importedOf(reader)
  const start = await startOf(reader, fold)
  const source = start === null ? reader : sourceFrom(reader, start)
  const history = new History(source, models, { entries: imported.summary?.entries ?? null, fold })
  return { reader, source, history, imported }
}

/** When the first and the last event were; of a log of which nothing is left but what is known at its end, that. */
async function timesOf(source: EventSource, summaries: readonly BlockSummary[]): Promise<Pick<Opened, 'minTime' | 'maxTime'>> {
  const { time } = source.start ?? { time: null }
  if (summaries.length === 0) return { minTime: time ?? 0, maxTime: time ?? 0 }
  const least = summaries.reduce((so, { minTime }) => Math.min(so, minTime), Infinity)
  const most = summaries.reduce((so, { maxTime }) => Math.max(so, maxTime), -Infinity)
  // What has no time of its own is said to be at 0: where nothing is, the index tells it all.
  return { minTime: least > 0 ? least : await firstTime(source, least), maxTime: most }
}

/** Events among which the first that is not about the log itself is looked for. */
const FIRST_EVENTS = 256

/** When what a log tells of began: what a log says of itself (a gap, a host that joins) may have no time of its own. */
async function firstTime(source: EventSource, least: number): Promise<number> {
  const from = (source.start?.seq ?? 0) + 1
  for await (const block of new LogBlocks(source).blocks({ from, to: from + FIRST_EVENTS })) {
    for (let place = 0; place < block.count; place++) {
      if (block.seq(place) >= from && !block.types[block.type[place]!]!.name.startsWith('log/')) return Math.max(least, block.time[place]!)
    }
    break
  }
  return least
}

/** What a log's index knows of its blocks, but for those of the baseline alone. */
export async function indexOf({ source }: Pick<OpenLog, 'source'>): Promise<readonly BlockSummary[]> {
  return (await new LogBlocks(source).summaries()).filter(({ lastSeq }) => lastSeq > 0)
}

/** What is known of a log as soon as it is open. */
export async function outlineOf(log: OpenLog, summaries: readonly BlockSummary[]): Promise<Opened> {
  const { reader, source, history, imported } = log
  const { summary, devices = [] } = imported
  const { uname } = reader.meta.source
  const gone = source.start === undefined ? [] : [goneInWords(reader, source.start)]
  const [times, clocks] = await Promise.all([timesOf(source, summaries), history.clocks()])
  return {
    firstSeq: (source.start?.seq ?? 0) + 1,
    lastSeq: reader.lastSeq,
    ...times,
    kernel: summary?.kernel ?? (typeof uname === 'string' ? uname : null),
    notes: [...gone, ...reader.meta.notes, ...(summary?.notes ?? [])],
    complete: summary?.complete ?? null,
    lost: summary?.lost ?? null,
    blocks: summaries.map(({ firstSeq, lastSeq, minTime, maxTime }) => ({ firstSeq: Math.max(1, firstSeq), lastSeq, minTime, maxTime })),
    devices,
    hosts: hostClocksTold(clocks).map((told) => ({ name: told.name, clock: clockInWords(told) })),
  }
}
