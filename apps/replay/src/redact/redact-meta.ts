import type { LogMeta } from '@devtrail/event-log'
import type { Json } from '@devtrail/events'
import type { ImportSummary } from '@devtrail/linux-trace'
import type { Imported } from '../logs/import.ts'
import type { Renaming } from './renaming.ts'

const NAME = 'redacted'
/** Who built it, as /proc/version has it. */
const BUILDER = /\([^()]*@[^()]*\)/g

/** What `uname -a` prints, without the name of the machine; null when it does not look like that. */
export function redactedUname(uname: string | null): string | null {
  const m = /^Linux \S+ (.*)$/.exec(uname ?? '')
  return m === null ? null : `Linux ${NAME} ${m[1]!.replaceAll(BUILDER, `(${NAME})`)}`
}

/** Of where a log comes from the kind of source stays, the versions of what made it, and numbers. */
function redactedSource(source: LogMeta['source']): LogMeta['source'] {
  const kept: [string, Json][] = []
  for (const [key, value] of Object.entries(source)) {
    if (key === 'uname' && typeof value === 'string') kept.push([key, redactedUname(value)])
    else if (['kind', 'importer', 'rules'].includes(key) || typeof value === 'number') kept.push([key, value])
  }
  return { ...Object.fromEntries(kept), name: NAME, redacted: true }
}

export const redactedMeta = (meta: LogMeta): LogMeta => ({
  ...meta,
  source: redactedSource(meta.source),
  notes: [
    'redacted: commands, pids, paths, pointers, uuids and texts have other names, and entries without effect are left out',
    ...(meta.notes.length === 0 ? [] : [`${meta.notes.length} notes are left out`]),
  ],
})

/** Counts stay; names that nobody here knows, and notes, which can quote the trace, do not. */
function redactedSummary(summary: ImportSummary, renaming: Renaming): ImportSummary {
  const { notes } = summary
  return {
    ...summary,
    withoutEffect: Object.fromEntries(Object.entries(summary.withoutEffect).map(([event, n]) => [renaming.event(event), n])),
    unknown: summary.unknown.map((event) => renaming.event(event)),
    notes: notes.length === 0 ? [] : [`${notes.length} notes of the import are left out, for they can quote the trace`],
    kernel: redactedUname(summary.kernel),
  }
}

export const redactedImport = (imported: Imported, renaming: Renaming): Imported => ({
  ...imported,
  name: NAME,
  summary: redactedSummary(imported.summary, renaming),
  leftOut: true,
})
