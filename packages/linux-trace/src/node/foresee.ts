import type { Foreseen } from '../recording.ts'

/**
 * Which CPUs of a text trace lost entries from when on, and which CPUs' buffers begin late; `read` begins anew each time.
 * @throws RecordingError when it is no trace.
 */
export async function foresee(read: () => AsyncIterable<Uint8Array>, kprobeEvents: string): Promise<Foreseen> {
  // What reads text is loaded when there is text: whoever opens a recording is in a hurry to begin.
  const { lookThrough } = await import('./look-through.ts')
  return lookThrough(read, kprobeEvents)
}
