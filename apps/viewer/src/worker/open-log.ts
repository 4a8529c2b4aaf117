/** A log that is read wherever its files lie: all of it, or from where it is known on. */
import type { LogReader } from '@devtrail/event-log'
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
  readonly opened: Opened
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
  return { reader, source, history, opened: await outlineOf(reader, history, imported) }
}

async function outlineOf(reader: LogReader, history: History, { summary, devices = [] }: ImportSummary): Promise<Opened> {
  const { source } = history
  const summaries = (await new LogBlocks(source).summaries()).filter(({ lastSeq }) => lastSeq > 0)
  const { uname } = reader.meta.source
  const gone = source.start === undefined ? [] : [goneInWords(reader, source.start)]
  return {
    firstSeq: (source.start?.seq ?? 0) + 1,
    lastSeq: reader.lastSeq,
    minTime: summaries.reduce((least, { minTime }) => Math.min(least, minTime), Infinity),
    maxTime: summaries.reduce((most, { maxTime }) => Math.max(most, maxTime), -Infinity),
    kernel: summary?.kernel ?? (typeof uname === 'string' ? uname : null),
    notes: [...gone, ...reader.meta.notes, ...(summary?.notes ?? [])],
    complete: summary?.complete ?? null,
    lost: summary?.lost ?? null,
    blocks: summaries.map(({ firstSeq, lastSeq, minTime, maxTime }) => ({ firstSeq: Math.max(1, firstSeq), lastSeq, minTime, maxTime })),
    devices,
    hosts: hostClocksTold(await history.clocks()).map((told) => ({ name: told.name, clock: clockInWords(told) })),
  }
}
