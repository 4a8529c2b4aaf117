import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeSampleLog } from '../sample-log.ts'

/** A part of the events, on either side. */
export interface Slice {
  readonly fromSeq: number
  readonly toSeq: number
  readonly fromByte: number
  readonly toByte: number
}

/** The same events as a log and as JSON lines. */
export interface Both {
  /** Paths. */
  readonly log: string
  readonly lines: string
  readonly slices: readonly Slice[]
}

const SLICE_EVENTS = 500_000

/** Writes `count` events as a log and as a file of lines into `folder`, piece by piece. */
export async function writeBoth(folder: string, count: number): Promise<Both> {
  const lines = join(folder, 'lines.ndjson')
  const fd = openSync(lines, 'w')
  const slices: Slice[] = []
  let from = { seq: 1, byte: 0 }
  let bytes = 0
  const log = await writeSampleLog(folder, count, (events) => {
    const text = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
    writeFileSync(fd, text)
    bytes += text.length
    const { seq } = events.at(-1)!
    if (seq % SLICE_EVENTS !== 0 && seq < count) return
    slices.push({ fromSeq: from.seq, toSeq: seq, fromByte: from.byte, toByte: bytes })
    from = { seq: seq + 1, byte: bytes }
  })
  closeSync(fd)
  return { log, lines, slices }
}
