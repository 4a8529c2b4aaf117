/** Version 6: parts one behind the other, without a table. */
import { RecordingError } from '../errors.ts'
import { CPUS_MAX, latin, option, OPTIONS_MAX, PART_BYTES_MAX, type DatParts } from './dat-parts.ts'
import { damaged, type ByteSource, type Cursor } from './source.ts'

/** What comes before the trace in version 6 is read whole, up to so many bytes at once. */
const HEAD_BYTES = 8 << 20

export async function readVersion6(reader: DatParts, source: ByteSource, from: number, pageBytes: number): Promise<void> {
  // The parts follow each other without a table: what is there is read in growing pieces until it is enough.
  for (let bytes = Math.min(HEAD_BYTES, source.size); ; bytes = Math.min(bytes * 4, source.size)) {
    const head = await source.read(0, Math.min(bytes, PART_BYTES_MAX))
    const c = reader.cursor(head, 0, 'what comes before the trace')
    c.at = from
    try {
      await readParts(reader, c, pageBytes)
      return
    } catch (error) {
      if (!(error instanceof RecordingError) || bytes >= source.size || bytes >= PART_BYTES_MAX) throw error
    }
  }
}

async function readParts(reader: DatParts, c: Cursor, pageBytes: number): Promise<void> {
  reader.formats.clear()
  reader.strings.clear()
  reader.comms.clear()
  reader.stats.length = 0
  reader.counted = ''
  reader.buffers.length = 0
  reader.headers(c)
  reader.ftrace(c)
  reader.events(c)
  reader.kallsyms = c.take(c.u32())
  reader.printk(c.take(c.u32()))
  reader.cmdlines(c.take(c.u64()))
  const cpus = c.u32()
  if (cpus > CPUS_MAX) throw damaged(c.at - 4, `${cpus} CPUs`)
  const others: { readonly name: string; readonly offset: number }[] = []
  let kind = latin.decode(c.take(10))
  if (kind.startsWith('options')) {
    for (let id = c.u16(), n = 0; id !== option.done; id = c.u16(), n++) {
      if (n > OPTIONS_MAX) throw damaged(c.at, `more than ${OPTIONS_MAX} options`)
      const bytes = c.take(c.u32())
      const value = reader.cursor(bytes, c.at - bytes.length, `option ${id}`)
      if (id === option.buffer) {
        const offset = value.u64()
        others.push({ offset, name: value.string() })
      } else reader.option(id, bytes)
    }
    kind = latin.decode(c.take(10))
  }
  if (kind.startsWith('latency')) {
    throw new RecordingError('this trace.dat holds the text of a latency tracer, no records: record events with "trace-cmd record -e"')
  }
  if (!kind.startsWith('flyrecord')) throw damaged(c.at - 10, `expected "flyrecord", found ${JSON.stringify(kind)}`)
  const data = Array.from({ length: cpus }, (_, cpu) => reader.cpuData(c, cpu))
  reader.buffers.push({ name: '', clock: reader.clock, pageBytes, cpus: data, isCompressed: false })
  for (const { name, offset } of others) {
    // Each instance's trace has a head of its own: how many CPUs, and where their data lies.
    const head = await reader.bytes(offset, 14, 'a buffer')
    const fly = reader.cursor(head, offset, 'a buffer')
    const count = latin.decode(head.subarray(0, 9)) === 'flyrecord' ? cpus : fly.u32()
    const at = offset + (count === cpus && latin.decode(head.subarray(0, 9)) === 'flyrecord' ? 10 : 14)
    if (count > CPUS_MAX) throw damaged(offset, `a buffer of ${count} CPUs`)
    const table = reader.cursor(await reader.bytes(at, count * 16, 'a buffer'), at, 'a buffer')
    const of = Array.from({ length: count }, (_, cpu) => reader.cpuData(table, cpu))
    reader.buffers.push({ name, clock: reader.clock, pageBytes, cpus: of, isCompressed: false })
  }
}
