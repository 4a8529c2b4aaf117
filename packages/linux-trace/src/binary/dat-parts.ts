/** The parts of a trace.dat, wherever a version has them. */
import { parseCpuStats, type CpuStat } from '../cpu-stats.ts'
import type { CpuData, DatBuffer } from './dat-file.ts'
import { formatFields, parseFormat, type EventFormat } from './format.ts'
import { Cursor, damaged, type ByteSource, type Decompress } from './source.ts'

/** A part but for the trace itself, unpacked. */
export const PART_BYTES_MAX = 256 << 20
const SECTION_HEAD_BYTES = 16
export const CPUS_MAX = 8192
export const OPTIONS_MAX = 65_536
export const latin = new TextDecoder('latin1')

export const option = { done: 0, cpuStat: 2, buffer: 3, traceClock: 4, uname: 5, cpuCount: 8 } as const

export function mustBePageSize(bytes: number, offset: number): void {
  if (bytes < 256 || bytes > 1 << 24 || bytes % 64 !== 0) throw damaged(offset, `pages of ${bytes} bytes`)
}

export class DatParts {
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
