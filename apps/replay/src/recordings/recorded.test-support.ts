/** The recordings of the repo, for tests: parsed once, imported whole or with entries replaced by a gap. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AnyEvent } from '@devtrail/events'
import { importRecording, KeptReader, ownEvent, type ImportSummary, type Recording } from '@devtrail/linux-trace'
import { foresee, openRecording } from '@devtrail/linux-trace/node'
import { History } from '@devtrail/time-travel'
import { models } from '@devtrail/survey'

export const RECORDINGS = join(import.meta.dirname, '../../../../recordings/linux-6.1')
const EXPECTED = join(import.meta.dirname, '../../../../recordings/expected/linux-6.1')

export const names = readdirSync(RECORDINGS).toSorted()

/** What /proc/iomem was when the recording was over: never part of what devtrail sees. */
export const iomemAfter = (name: string): string => readFileSync(join(EXPECTED, name, 'iomem.after'), 'utf8')
export const iomemBefore = (name: string): string => readFileSync(join(RECORDINGS, name, 'iomem.before'), 'utf8')

/** The lines of a recording's trace. */
export function traceLines(name: string): string[] {
  const folder = join(RECORDINGS, name)
  const packed = readdirSync(folder).includes('trace.txt.gz')
  const bytes = readFileSync(join(folder, packed ? 'trace.txt.gz' : 'trace.txt'))
  return (packed ? gunzipSync(bytes) : bytes).toString('utf8').replace(/\n$/, '').split('\n')
}

export interface Imported {
  readonly events: AnyEvent[]
  /** Entries without effect: number and fields. */
  readonly kept: string[]
  readonly summary: ImportSummary
  readonly history: History
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

/** Imports a recording; `lines`: other lines of trace than those on disk; `without`: parts left out; `more`: parts put there. */
export async function imported(
  name: string,
  lines?: readonly string[],
  without: readonly (keyof Recording)[] = [],
  more: Partial<Recording> = {},
): Promise<Imported> {
  const { recording } = await openRecording(join(RECORDINGS, name))
  const parts: Record<string, unknown> = { ...recording }
  for (const part of without) delete parts[part]
  const text = lines === undefined ? null : `${lines.join('\n')}\n`
  const changed = text === null ? {} : { trace: once(text), foresee: () => foresee(() => once(text), recording.kprobeEvents ?? '') }
  const used = { ...parts, ...changed, ...more } as unknown as Recording
  const events: AnyEvent[] = []
  const kept: string[] = []
  const reader = new KeptReader()
  const summary = await importRecording(used, {
    event: (e) => void events.push(ownEvent(e)),
    kept: (bytes) => {
      for (const { entry, ...fields } of reader.read(bytes)) kept.push(`${entry} ${JSON.stringify(fields)}`)
    },
  })
  return { events, kept, summary, history: new History({ read: () => events }, models, { entries: summary.entries }) }
}
