/** What a trace.dat consists of, but for the records: trace-cmd's file format, versions 6 and 7. */
import { parseCpuStats, type CpuStat } from '../cpu-stats.ts'
import { RecordingError } from '../errors.ts'
import { formatFields, parseFormat, type EventFormat } from './format.ts'
import { Cursor, damaged, type ByteSource, type Decompress } from './source.ts'
import { Symbols } from './symbols.ts'

/** Trace data of one CPU in the file. */
export interface CpuData {
  readonly cpu: number
  readonly offset: number
  readonly size: number
}

/** Trace data of one instance; the top one's name is empty. */
export interface DatBuffer {
  readonly name: string
  readonly clock: string | null
  readonly pageBytes: number
  readonly cpus: readonly CpuData[]
  readonly isCompressed: boolean
}

export interface DatFile {
  readonly version: 6 | 7
  readonly isLittleEndian: boolean
  readonly longBytes: number
  readonly algorithm: string
  /** Where a page's commit word and its data begin, and the word's size. */
  readonly page: { readonly commit: number; readonly commitBytes: number; readonly data: number }
  readonly formats: ReadonlyMap<number, EventFormat>
  readonly symbols: Symbols
  /** Strings that the kernel keeps by address. */
  readonly strings: ReadonlyMap<string, string>
  readonly comms: ReadonlyMap<number, string>
  readonly uname: string | null
  readonly clock: string | null
  readonly cpuCount: number | null
  readonly stats: readonly CpuStat[]
  readonly buffers: readonly DatBuffer[]
}

const MAGIC = [0x17, 0x08, 0x44, ...new TextEncoder().encode('tracing')]
export const MAGIC_BYTES = MAGIC.length
export const isDat = (head: Uint8Array): boolean => MAGIC.every((byte, i) => head[i] === byte)

/** A part of a trace.dat but for the trace itself, unpacked. */
const PART_BYTES_MAX = 256 << 20
const SECTION_HEAD_BYTES = 16
const CPUS_MAX = 8192
const OPTIONS_MAX = 65_536
const BUFFERS_MAX = 1024
const latin = new TextDecoder('latin1')

const option = { done: 0, cpuStat: 2, buffer: 3, traceClock: 4, uname: 5, cpuCount: 8 } as const
/** Options of version 7 that say where a section lies. */
const section = { header: 16, ftrace: 17, events: 18, kallsyms: 19, printk: 20, cmdlines: 21 } as const

class Reader {
  readonly #source: ByteSource
  readonly #decompress: Decompress
  little = true
  algorithm = 'none'
  readonly formats = new Map<number, EventFormat>()
  page = { commit: 8, commitBytes: 8, data: 16 }
  kallsyms: Uint8Array = new Uint8Array(0)
  readonly strings = new Map<string, string>()
  readonly comms = new Map<number, string>()
  uname: string | null = null
  clock: string | null = null
  cpuCount: number | null = null
  readonly stats: CpuStat[] = []
  readonly buffers: DatBuffer[] = []

  constructor(source: ByteSource, decompress: Decompress) {
    this.#source = source
    this.#decompress = decompress
  }

  async bytes(offset: number, length: number, what: string): Promise<Uint8Array> {
    if (offset + length > this.#source.size || length > PART_BYTES_MAX) {
      throw damaged(offset, `${what} has ${length} bytes, and the file ends at byte ${this.#source.size}`)
    }
    const bytes = await this.#source.read(offset, length)
    if (bytes.length < length) throw damaged(offset + bytes.length, `${what} is cut`)
    return bytes
  }

  cursor(bytes: Uint8Array, base: number, what: string): Cursor {
    return new Cursor(bytes, this.little, base, what)
  }

  headers(c: Cursor): void {
    c.string()
    const fields = new Map(formatFields(latin.decode(c.take(c.u64()))).map((field) => [field.name, field]))
    const commit = fields.get('commit')
    const data = fields.get('data')
    if (
      commit !== undefined &&
      data !== undefined &&
      (commit.size === 4 || commit.size === 8) &&
      data.offset >= commit.offset + commit.size
    ) {
      this.page = { commit: commit.offset, commitBytes: commit.size, data: data.offset }
    }
    c.string()
    c.take(c.u64())
  }

  #format(c: Cursor, system: string): void {
    const format = parseFormat(latin.decode(c.take(c.u64())), system)
    if (format !== null) this.formats.set(format.id, format)
  }

  ftrace(c: Cursor): void {
    for (let left = c.u32(); left > 0; left--) this.#format(c, 'ftrace')
  }

  events(c: Cursor): void {
    for (let systems = c.u32(); systems > 0; systems--) {
      const system = c.string()
      for (let left = c.u32(); left > 0; left--) this.#format(c, system)
    }
  }

  printk(bytes: Uint8Array): void {
    for (const line of latin.decode(bytes).split('\n')) {
      const m = /^(0x[0-9a-f]{1,16}) : "(.*)"$/.exec(line)
      if (m !== null) this.strings.set(m[1]!, m[2]!)
    }
  }

  cmdlines(bytes: Uint8Array): void {
    for (const line of new TextDecoder().decode(bytes).split('\n')) {
      const m = /^(\d{1,10}) (.*)$/.exec(line)
      if (m !== null) this.comms.set(Number(m[1]), m[2]!)
    }
  }

  /** An option that both versions have. */
  option(id: number, bytes: Uint8Array): void {
    const text = (): string => latin.decode(bytes).replace(/\0.*$/s, '')
    if (id === option.cpuStat) this.#stat(text())
    else if (id === option.traceClock) this.clock = /\[(\S+)\]/.exec(text())?.[1] ?? this.clock
    else if (id === option.uname) this.uname = text().trim()
    else if (id === option.cpuCount && bytes.length === 4) this.cpuCount = this.cursor(bytes, 0, 'the count of CPUs').u32()
  }

  /** Which buffer the next counts are of: trace-cmd writes a line with its name before them. */
  counted = ''

  #stat(text: string): void {
    const buffer = /^Buffer: (.*)$/m.exec(text)?.[1]
    if (buffer !== undefined) this.counted = buffer
    this.stats.push(...parseCpuStats(text, this.counted))
  }

  cpuData(c: Cursor, cpu: number): CpuData {
    const offset = c.u64()
    const size = c.u64()
    if (offset + size > this.#source.size) {
      throw damaged(offset, `the trace of CPU ${cpu} has ${size} bytes, and the file ends at byte ${this.#source.size}`)
    }
    return { cpu, offset, size }
  }

  /** Reads a section of version 7 and unpacks it. */
  async section(offset: number): Promise<Cursor> {
    const head = this.cursor(await this.bytes(offset, SECTION_HEAD_BYTES, 'a section'), offset, 'a section')
    const id = head.u16()
    const flags = head.u16()
    head.u32()
    const size = head.u64()
    const what = `section ${id}`
    const from = offset + SECTION_HEAD_BYTES
    const bytes = await this.bytes(from, size, what)
    if ((flags & 1) === 0) return this.cursor(bytes, from, what)
    const c = this.cursor(bytes, from, what)
    const packed = c.u32()
    const length = c.u32()
    if (length > PART_BYTES_MAX) throw damaged(from + 4, `${what} would have ${length} bytes unpacked`)
    return this.cursor(this.unpack(c.take(packed), length, from + 8), from, what)
  }

  unpack(bytes: Uint8Array, length: number, offset: number): Uint8Array {
    try {
      return this.#decompress(this.algorithm, bytes, length)
    } catch (error) {
      throw damaged(offset, `what was packed with ${this.algorithm} cannot be unpacked (${(error as Error).message})`)
    }
  }
}

/** Reads all of a trace.dat but the records. @throws RecordingError with the place. */
export async function readDatFile(source: ByteSource, decompress: Decompress): Promise<DatFile> {
  const reader = new Reader(source, decompress)
  const head = await source.read(0, Math.min(source.size, 4096))
  if (!isDat(head)) throw new RecordingError('this is no trace.dat: it does not begin with its magic bytes')
  const c = new Cursor(head, true, 0, 'the header')
  c.take(MAGIC_BYTES)
  const version = c.string()
  if (version !== '6' && version !== '7') {
    throw new RecordingError(
      `this trace.dat is of version ${JSON.stringify(version)}; versions 6 and 7 are read: convert it with "trace-cmd convert"`,
    )
  }
  const endian = c.u8()
  const longBytes = c.u8()
  if (endian > 1 || (longBytes !== 4 && longBytes !== 8)) throw damaged(c.at - 2, `byte order ${endian} and longs of ${longBytes} bytes`)
  reader.little = endian === 0
  const rest = new Cursor(head, reader.little, 0, 'the header')
  rest.at = c.at
  const pageBytes = rest.u32()
  mustBePageSize(pageBytes, rest.at - 4)
  if (version === '7') await readVersion7(reader, rest, pageBytes)
  else await readVersion6(reader, source, rest.at, pageBytes)
  const { little, formats, page, kallsyms, strings, comms, uname, clock, cpuCount, stats, buffers, algorithm } = reader
  return {
    version: version === '7' ? 7 : 6,
    isLittleEndian: little,
    longBytes,
    algorithm,
    page,
    formats,
    symbols: new Symbols(kallsyms),
    strings,
    comms,
    uname,
    clock,
    cpuCount,
    stats,
    buffers,
  }
}

function mustBePageSize(bytes: number, offset: number): void {
  if (bytes < 256 || bytes > 1 << 24 || bytes % 64 !== 0) throw damaged(offset, `pages of ${bytes} bytes`)
}

async function readVersion7(reader: Reader, head: Cursor, pageBytes: number): Promise<void> {
  reader.algorithm = head.string()
  head.string()
  const places: { id: number; offset: number }[] = []
  const buffers: { c: Cursor; at: number }[] = []
  const seen = new Set<number>()
  let options = 0
  for (let offset = head.u64(); offset !== 0;) {
    if (seen.has(offset)) throw damaged(offset, 'a section of options follows itself')
    seen.add(offset)
    const c = await reader.section(offset)
    let next = 0
    while (c.left >= 6) {
      if (++options > OPTIONS_MAX) throw damaged(offset, `more than ${OPTIONS_MAX} options`)
      const id = c.u16()
      const bytes = c.take(c.u32())
      const value = reader.cursor(bytes, offset, `option ${id}`)
      if (id === option.done) {
        next = bytes.length >= 8 ? value.u64() : 0
        break
      }
      if (id === option.buffer) buffers.push({ c: value, at: offset })
      else if (id >= section.header && id <= section.cmdlines) places.push({ id, offset: value.u64() })
      else reader.option(id, bytes)
    }
    offset = next
  }
  if (buffers.length > BUFFERS_MAX) throw damaged(0, `more than ${BUFFERS_MAX} buffers`)
  for (const { id, offset } of places) {
    const c = await reader.section(offset)
    if (id === section.header) reader.headers(c)
    else if (id === section.ftrace) reader.ftrace(c)
    else if (id === section.events) reader.events(c)
    else if (id === section.kallsyms) reader.kallsyms = c.take(c.u32())
    else if (id === section.printk) reader.printk(c.take(c.u32()))
    else reader.cmdlines(c.take(c.u64()))
  }
  for (const { c } of buffers) await readBuffer7(reader, c, pageBytes)
}

/** A buffer as version 7 lists it; later releases give the size of its pages too. */
async function readBuffer7(reader: Reader, c: Cursor, filePageBytes: number): Promise<void> {
  const offset = c.u64()
  const name = c.string()
  const clock = c.string()
  const rest = c.left
  let count = c.u32()
  let pageBytes = filePageBytes
  if (rest !== 4 + count * 20) {
    pageBytes = count
    mustBePageSize(pageBytes, offset)
    count = c.u32()
  }
  if (count > CPUS_MAX) throw damaged(offset, `a buffer of ${count} CPUs`)
  const head = reader.cursor(await reader.bytes(offset, 4, 'a buffer'), offset, 'a buffer')
  head.u16()
  const isCompressed = (head.u16() & 1) !== 0
  const cpus: CpuData[] = []
  const seen = new Set<number>()
  for (let i = 0; i < count; i++) {
    const cpu = c.u32()
    if (cpu >= CPUS_MAX || seen.has(cpu)) throw damaged(offset, `CPU ${cpu} in the list of a buffer's CPUs`)
    seen.add(cpu)
    cpus.push(reader.cpuData(c, cpu))
  }
  reader.buffers.push({ name, clock: clock === '' ? null : clock, pageBytes, cpus, isCompressed })
}

/** What comes before the trace in version 6 is read whole, up to so many bytes at once. */
const HEAD_BYTES = 8 << 20

async function readVersion6(reader: Reader, source: ByteSource, from: number, pageBytes: number): Promise<void> {
  // The parts follow each other without a table: what is there is read in growing pieces until it is enough.
  for (let bytes = Math.min(HEAD_BYTES, source.size); ; bytes = Math.min(bytes * 4, source.size)) {
    const head = await source.read(0, Math.min(bytes, PART_BYTES_MAX))
    const c = reader.cursor(head, 0, 'what comes before the trace')
    c.at = from
    try {
      await parts6(new Parts6(reader, c, pageBytes))
      return
    } catch (error) {
      if (!(error instanceof RecordingError) || bytes >= source.size || bytes >= PART_BYTES_MAX) throw error
    }
  }
}

class Parts6 {
  readonly reader: Reader
  readonly c: Cursor
  readonly pageBytes: number

  constructor(reader: Reader, c: Cursor, pageBytes: number) {
    this.reader = reader
    this.c = c
    this.pageBytes = pageBytes
  }
}

async function parts6({ reader, c, pageBytes }: Parts6): Promise<void> {
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
