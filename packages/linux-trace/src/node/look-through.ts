/** A look through a whole text trace, before it is imported, for what its entries do not say in time. */
import { parseProbeDefinitions } from '../probes.ts'
import type { Blindness, Foreseen } from '../recording.ts'
import { readTextBatches } from '../text/batches.ts'
import { newSummary } from '../text/summary.ts'

/** Only lines with one of these words tell of losses, and of buffers that begin late. What begins with a rare letter is found sooner. */
const SIGNS = ['EVENTS', '##### CPU ']

/** The header, where it does not come first: what writes a trace as it comes knows the counts at the end. */
const HEADER = '# entries-in-buffer/entries-written: '
const HEADER_BYTES_MAX = 120
/** tracefs puts it behind the name of the tracer. */
const HEADER_FIRST_MAX = 64

/** Whether a header that says that entries are missing, or one that is not all there, stands in the bytes behind the first few. */
function hasHeader(bytes: Buffer, at: number): boolean {
  for (let from = bytes.indexOf(HEADER); from >= 0; from = bytes.indexOf(HEADER, from + 1)) {
    if (at + from < HEADER_FIRST_MAX) continue
    const counts = /^(\d+)\/(\d+)\s/.exec(bytes.toString('latin1', from + HEADER.length, from + HEADER_BYTES_MAX))
    if (counts === null || counts[1] !== counts[2]) return true
  }
  return false
}

/** Whether any of the signs stands in the bytes. A sign may lie across two pieces. */
async function hasSigns(bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
  const longest = Math.max(HEADER.length, ...SIGNS.map((sign) => sign.length))
  let tail = Buffer.alloc(0)
  let at = 0
  for await (const piece of bytes) {
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const seam = Buffer.concat([tail, buffer.subarray(0, longest)])
    if (SIGNS.some((sign) => buffer.includes(sign) || seam.includes(sign))) return true
    if (hasHeader(buffer, at) || hasHeader(seam, at - tail.length)) return true
    at += buffer.length
    tail = Buffer.from(buffer.length < longest ? seam.subarray(-longest) : buffer.subarray(-longest))
  }
  return false
}

/**
 * Which CPUs lost entries from when on, and which CPUs' buffers begin late; `read` begins anew each time.
 * @throws RecordingError when it is no trace.
 */
export async function lookThrough(read: () => AsyncIterable<Uint8Array>, kprobeEvents: string): Promise<Foreseen> {
  if (!(await hasSigns(read()))) return { lateCpus: null, blind: [], placed: 0, announced: 0 }
  const summary = newSummary()
  const blind: Blindness[] = []
  const late: number[] = []
  let placed = 0
  /** Number of the last entry of each CPU. An entry without effect is not seen here: so it is one before, at worst. */
  const last = new Map<number, number>()
  for await (const batch of readTextBatches(read(), summary, parseProbeDefinitions(kprobeEvents))) {
    for (let row = 0; row < batch.rows; row++) {
      const item = batch.item[row]! < 0 ? null : batch.items[batch.item[row]!]!
      if (item === null) last.set(batch.cpu[row]!, batch.number[row]!)
      else if (item.kind === 'entry') last.set(item.entry.cpu, item.entry.number)
      else if (item.kind === 'gap') {
        if (item.reason !== 'unreadable') placed += item.lost ?? 0
        if (item.cpu === null) continue
        if (item.reason === 'overwritten') late.push(item.cpu)
        else blind.push({ after: last.get(item.cpu) ?? 0, cpu: item.cpu })
      }
    }
  }
  const announced = summary.inBuffer === null || summary.written === null ? 0 : Math.max(0, summary.written - summary.inBuffer)
  return { lateCpus: announced > 0 ? late : null, blind: blind.toSorted((a, b) => a.after - b.after), placed, announced }
}
