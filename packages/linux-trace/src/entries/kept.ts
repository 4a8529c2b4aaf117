import { parseEntry, type TraceEntry } from '../text/entry.ts'

/** An entry that has no effect, with all its fields. */
export interface KeptEntry {
  readonly entry: number
  readonly [field: string]: unknown
}

const fieldsOf = ({ comm, pid, cpu, context, time, event, body }: Omit<TraceEntry, 'number' | 'line'>): Omit<KeptEntry, 'entry'> => ({
  comm,
  pid,
  cpu,
  context,
  time,
  event,
  body,
})

/** The line that stands for an entry without effect. */
export const keptLine = (entry: TraceEntry): string => `${JSON.stringify({ entry: entry.number, ...fieldsOf(entry) })}\n`

/** Reads a line as an import handed it out. @throws Error when it is none. */
export function readKept(line: string): KeptEntry {
  const { entry, text, ...fields } = JSON.parse(line) as KeptEntry & { readonly text?: string }
  if (text === undefined) return { entry, ...fields }
  const parsed = parseEntry(text, entry, 0)
  if (parsed === null) throw new Error(`kept entry ${entry} is not a line of a trace: ${text}`)
  return { entry, ...fieldsOf(parsed) }
}
