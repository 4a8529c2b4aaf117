/** Records without effect, kept as they are: their bytes, and once the format that tells what these mean. */
import type { BatchBuilder } from '../entries/batch.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { EventFormat } from './format.ts'

const encoder = new TextEncoder()
const HEX = encoder.encode('0123456789abcdef')
const TAIL = encoder.encode('"}\n')
/** What stands around a record's bytes, but for its format. */
const AROUND_BYTES = 512

export class KeptRecords {
  readonly #out: BatchBuilder
  readonly #told = new Set<number>()

  constructor(out: BatchBuilder) {
    this.#out = out
  }

  add(
    number: number,
    { bytes, start, length, time, cpu }: CpuRecords,
    comm: string,
    pid: number,
    context: string,
    format: EventFormat,
  ): void {
    const isFirst = !this.#told.has(format.id)
    this.#told.add(format.id)
    const what = isFirst ? `,"format":${JSON.stringify(format.text)}` : ''
    const head = `{"entry":${number},"comm":${JSON.stringify(comm)},"pid":${pid},"cpu":${cpu},"context":"${context}","time":${time},"event":${JSON.stringify(format.name)}${what},"record":"`
    const { buffer, at: from } = this.#out.keptRoom(head.length * 3 + length * 2 + AROUND_BYTES)
    let at = from + encoder.encodeInto(head, buffer.subarray(from)).written
    for (let i = start; i < start + length; i++) {
      const byte = bytes[i]!
      buffer[at++] = HEX[byte >> 4]!
      buffer[at++] = HEX[byte & 15]!
    }
    buffer.set(TAIL, at)
    this.#out.keptUpTo(at + TAIL.length, format.name)
  }
}
