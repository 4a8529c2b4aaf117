/** What no types have checked. */
import { RecordingError } from '../errors.ts'
import type { Recording } from '../recording.ts'

const has = (value: unknown, name: string): boolean => typeof value === 'object' && value !== null && name in value

/** Traces that were handed in: each can be read only once. */
const read = new WeakSet<object>()

/** @throws TypeError of what no types have checked, RecordingError of a trace that was read before */
export function mustBeImportable(recording: unknown, sink: unknown): void {
  const takes = 'importRecording takes a recording and a sink'
  if (typeof recording === 'string')
    throw new TypeError(`${takes}, not a path: open it first (openRecording), and hand in its \`recording\``)
  if (has(recording, 'recording')) throw new TypeError(`${takes}: hand in the \`recording\` of what openRecording gives`)
  if (!has(recording, 'trace')) throw new TypeError(`${takes}; this recording has no trace`)
  if (!has(sink, 'event') || !has(sink, 'kept')) throw new TypeError(`${takes}: an object with the functions \`event\` and \`kept\``)
  const { trace, name } = recording as Recording
  if (read.has(trace))
    throw new RecordingError(`the recording ${name} was imported before, and its trace can be read only once: open it again`)
  read.add(trace)
}
