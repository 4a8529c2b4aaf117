/** A look through a whole text trace, before it is imported, for what its entries do not say in time. */
import { parseProbeDefinitions } from '../probes.ts'
import type { Blindness, Foreseen } from '../recording.ts'
import { readTextBatches } from '../text/batches.ts'
import { newSummary } from '../text/reader.ts'

/** Only lines with one of these words tell of losses, and of buffers that begin late. What begins with a rare letter is found sooner. */
const SIGNS = ['EVENTS', '##### CPU ']

/** Whether any of the signs stands in the bytes. A sign may lie across two pieces. */
async function hasSigns(bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
  const longest = Math.max(...SIGNS.map((sign) => sign.length))
  let tail = Buffer.alloc(0)
  for await (const piece of bytes) {
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const seam = Buffer.concat([tail, buffer.subarray(0, longest)])
    if (SIGNS.some((sign) => buffer.includes(sign) || seam.includes(sign))) return true
    tail = Buffer.from(buffer.length < longest ? seam.subarray(-longest) : buffer.subarray(-longest))
  }
  return false
}

/**
 * Which CPUs lost entries from when on, and which CPUs' buffers begin late; `read` begins anew each time.
 * @throws RecordingError when it is no trace.
 */
export async function foresee(read: () => AsyncIterable<Uint8Array>, kprobeEvents: string): Promise<Foreseen> {
  if (!(await hasSigns(read()))) return { lateCpus: null, blind: [] }
  const summary = newSummary()
  const blind: Blindness[] = []
  const late: number[] = []
  /** Number of the last entry of each CPU. An entry without effect is not seen here: so it is one before, at worst. */
  const last = new Map<number, number>()
  for await (const batch of readTextBatches(read(), summary, parseProbeDefinitions(kprobeEvents))) {
    for (let row = 0; row < batch.rows; row++) {
      const item = batch.item[row]! < 0 ? null : batch.items[batch.item[row]!]!
      if (item === null) last.set(batch.cpu[row]!, batch.number[row]!)
      else if (item.kind === 'entry') last.set(item.entry.cpu, item.entry.number)
      else if (item.kind === 'gap' && item.cpu !== null) {
        if (item.reason === 'overwritten') late.push(item.cpu)
        else blind.push({ after: last.get(item.cpu) ?? 0, cpu: item.cpu })
      }
    }
  }
  const overwritten = summary.inBuffer !== null && summary.written !== null && summary.written > summary.inBuffer
  return { lateCpus: overwritten ? late : null, blind: blind.toSorted((a, b) => a.after - b.after) }
}
