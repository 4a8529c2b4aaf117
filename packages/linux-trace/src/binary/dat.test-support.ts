/** Writes small trace.dat files of any byte order, long size and version, for tests. */
import type { ByteSource } from './source.ts'

export interface Layout {
  readonly little: boolean
  readonly longBytes: 4 | 8
  readonly version: 6 | 7
  readonly algorithm: 'none' | 'zlib' | 'zstd'
}

/** A record of one CPU; `gap`: what the page before it says was missed. */
export interface Sample {
  readonly time: number
  readonly id: number
  readonly pid: number
  readonly flags?: number
  readonly preempt?: number
  /** What follows the common fields. */
  readonly data: (w: Writer) => void
}

export class Writer {
  #bytes = new Uint8Array(1 << 12)
  length = 0
  readonly little: boolean

  constructor(little: boolean) {
    this.little = little
  }

  #room(n: number): DataView {
    if (this.length + n > this.#bytes.length) {
      const more = new Uint8Array((this.length + n) * 2)
      more.set(this.#bytes)
      this.#bytes = more
    }
    this.length += n
    return new DataView(this.#bytes.buffer, this.length - n, n)
  }

  u8(v: number): this {
    this.#room(1).setUint8(0, v)
    return this
  }

  u16(v: number): this {
    this.#room(2).setUint16(0, v, this.little)
    return this
  }

  u32(v: number): this {
    this.#room(4).setUint32(0, v, this.little)
    return this
  }

  i32(v: number): this {
    this.#room(4).setInt32(0, v, this.little)
    return this
  }

  u64(v: bigint | number): this {
    this.#room(8).setBigUint64(0, BigInt.asUintN(64, BigInt(v)), this.little)
    return this
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.length - bytes.length)
    return this
  }

  text(text: string): this {
    return this.raw(new TextEncoder().encode(text))
  }

  cstring(text: string): this {
    return this.text(`${text}\0`)
  }

  /** Padding up to a multiple of `to`. */
  align(to: number): this {
    while (this.length % to !== 0) this.u8(0)
    return this
  }

  /** Writes over what is there. */
  put64(at: number, v: number): void {
    new DataView(this.#bytes.buffer).setBigUint64(at, BigInt(v), this.little)
  }

  get bytes(): Uint8Array {
    return this.#bytes.slice(0, this.length)
  }
}

const COMMON = `format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;
`

/** Formats of what the samples are: a probe of numbers, its return, a probe of a string, a tracepoint. */
export const FORMATS: Readonly<Record<string, string>> = {
  lookup: `name: lookup\nID: 1001\n${COMMON}
\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;
\tfield:u64 pfn;\toffset:16;\tsize:8;\tsigned:0;
\tfield:s32 small;\toffset:24;\tsize:4;\tsigned:1;

print fmt: "(%lx) pfn=0x%Lx small=%d", REC->__probe_ip, REC->pfn, REC->small\n`,
  lookup_ret: `name: lookup_ret\nID: 1002\n${COMMON}
\tfield:unsigned long __probe_func;\toffset:8;\tsize:8;\tsigned:0;
\tfield:unsigned long __probe_ret_ip;\toffset:16;\tsize:8;\tsigned:0;
\tfield:u64 pgmap;\toffset:24;\tsize:8;\tsigned:0;

print fmt: "(%lx <- %lx) pgmap=0x%Lx", REC->__probe_func, REC->__probe_ret_ip, REC->pgmap\n`,
  probe: `name: probe\nID: 1003\n${COMMON}
\tfield:unsigned long __probe_ip;\toffset:8;\tsize:8;\tsigned:0;
\tfield:__data_loc char[] dev;\toffset:16;\tsize:4;\tsigned:1;

print fmt: "(%lx) dev=\\"%s\\"", REC->__probe_ip, __get_str(dev)\n`,
  odd: `name: odd\nID: 1004\n${COMMON}
\tfield:int x;\toffset:8;\tsize:4;\tsigned:1;

print fmt: "x=%d", REC->x\n`,
}

const PAGE_BYTES = 4096

/** The pages of one CPU; each of the groups of samples begins a page, and says how many records were missed before it. */
function pages(layout: Layout, groups: readonly { readonly missed?: number; readonly samples: readonly Sample[] }[]): Uint8Array {
  const { little } = layout
  const out = new Writer(little)
  for (const { missed, samples } of groups) {
    const data = new Writer(little)
    const first = samples[0]?.time ?? 0
    let now = first
    for (const { time, id, pid, flags = 0, preempt = 0, data: write } of samples) {
      const record = new Writer(little)
      record.u16(id).u8(flags).u8(preempt).i32(pid)
      write(record)
      record.align(4)
      let delta = time - now
      now = time
      if (delta >= 2 ** 27) {
        data.u32(head(little, 30, delta % 2 ** 27)).u32(Math.floor(delta / 2 ** 27))
        delta = 0
      }
      if (record.length <= 112) data.u32(head(little, record.length / 4, delta))
      else data.u32(head(little, 0, delta)).u32(record.length + 4)
      data.raw(record.bytes)
    }
    out.u64(first)
    const commit = data.length + (missed === undefined ? 0 : 0x8000_0000 + 0x4000_0000)
    if (layout.longBytes === 8) out.u64(commit)
    else out.u32(commit)
    out.raw(data.bytes)
    if (missed !== undefined && layout.longBytes === 8) out.u64(missed)
    else if (missed !== undefined) out.u32(missed)
    out.align(PAGE_BYTES)
  }
  return out.bytes
}

const head = (little: boolean, type: number, delta: number): number => (little ? delta * 32 + type : type * 2 ** 27 + delta)

/** By CPU: pages. */
type Cpus = readonly (readonly { readonly missed?: number; readonly samples: readonly Sample[] }[])[]

export interface Content {
  readonly cpus: Cpus
  /** The top buffer's clock, and the buffers of instances. */
  readonly clock?: string
  readonly instances?: readonly { readonly name: string; readonly clock?: string; readonly cpus: Cpus }[]
  readonly kallsyms?: string
  readonly comms?: string
  readonly uname?: string
  readonly stats?: readonly string[]
}

/** Compresses what a layout asks for. */
export type Pack = (algorithm: Layout['algorithm'], bytes: Uint8Array) => Uint8Array

/** The bytes of a trace.dat. */
export function writeDat(
  layout: Layout,
  { cpus, clock = 'mono', instances = [], kallsyms = '', comms = '', uname = 'Linux x 6.1.0-1 x86_64', stats = [] }: Content,
  packWith: Pack,
): Uint8Array {
  const { little, longBytes, version } = layout
  const out = new Writer(little)
  out
    .raw(new Uint8Array([0x17, 0x08, 0x44]))
    .text('tracing')
    .cstring(String(version))
    .u8(little ? 0 : 1)
    .u8(longBytes)
    .u32(PAGE_BYTES)
  const page = `\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:${longBytes};\tsigned:1;\n\tfield: char data;\toffset:${8 + longBytes};\tsize:4080;\tsigned:1;\n`
  const headers = (w: Writer): Writer => w.cstring('header_page').u64(page.length).text(page).cstring('header_event').u64(0)
  const events = (w: Writer): Writer => {
    w.u32(1).cstring('kprobes').u32(Object.keys(FORMATS).length)
    for (const text of Object.values(FORMATS)) w.u64(text.length).text(text)
    return w
  }
  const buffers = [{ name: '', clock, cpus }, ...instances].map((buffer) => ({
    ...buffer,
    data: buffer.cpus.map((groups) => pages(layout, groups)),
  }))
  if (version === 6) {
    events(headers(out).u32(0))
    out.u32(kallsyms.length).text(kallsyms).u32(0).u64(comms.length).text(comms).u32(cpus.length)
    out.text('options  \0').u16(5).u32(uname.length).text(uname)
    for (const stat of stats) out.u16(2).u32(stat.length).text(stat)
    const places = instances.map(({ name }) => {
      out
        .u16(3)
        .u32(8 + name.length + 1)
        .u64(0)
        .cstring(name)
      return out.length - 8 - name.length - 1
    })
    out.u16(0)
    for (const [i, { data }] of buffers.entries()) {
      if (i > 0) out.put64(places[i - 1]!, out.length)
      out.text('flyrecord\0')
      const table = out.length
      for (let cpu = 0; cpu < data.length; cpu++) out.u64(0).u64(0)
      for (const [cpu, bytes] of data.entries()) {
        out.align(PAGE_BYTES)
        out.put64(table + cpu * 16, out.length)
        out.put64(table + cpu * 16 + 8, bytes.length)
        out.raw(bytes)
      }
    }
    return out.bytes
  }
  out.cstring(layout.algorithm).cstring('1')
  const first = out.length
  out.u64(0)
  const pack = (bytes: Uint8Array): Uint8Array => packWith(layout.algorithm, bytes)
  const section = (id: number, write: (w: Writer) => void): number => {
    const at = out.length
    const body = new Writer(little)
    write(body)
    const isPacked = layout.algorithm !== 'none' && id !== 0
    const packed = isPacked ? pack(body.bytes) : body.bytes
    out
      .u16(id)
      .u16(isPacked ? 1 : 0)
      .u32(0)
      .u64(packed.length + (isPacked ? 8 : 0))
    if (isPacked) out.u32(packed.length).u32(body.length)
    out.raw(packed)
    return at
  }
  const places = [
    [16, section(16, (w) => headers(w))],
    [18, section(18, (w) => events(w))],
    [19, section(19, (w) => w.u32(kallsyms.length).text(kallsyms))],
    [21, section(21, (w) => w.u64(comms.length).text(comms))],
  ] as const
  const isPacked = layout.algorithm !== 'none'
  const listed = buffers.map(({ name, clock: of = 'mono', data }) => {
    const at = out.length
    out
      .u16(3)
      .u16(isPacked ? 1 : 0)
      .u32(0)
      .u64(0)
    const cpuPlaces = data.map((bytes) => {
      out.align(PAGE_BYTES)
      const from = out.length
      if (isPacked) {
        // Each page a chunk.
        const chunks = Array.from({ length: bytes.length / PAGE_BYTES }, (_, i) =>
          pack(bytes.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)),
        )
        out.u32(chunks.length)
        for (const chunk of chunks) out.u32(chunk.length).u32(PAGE_BYTES).raw(chunk)
      } else out.raw(bytes)
      return { at: from, size: bytes.length === 0 ? 0 : out.length - from }
    })
    return { at, name, clock: of, cpuPlaces }
  })
  out.put64(
    first,
    section(0, (w) => {
      for (const [id, at] of places) w.u16(id).u32(8).u64(at)
      w.u16(5).u32(uname.length).text(uname)
      for (const stat of stats) w.u16(2).u32(stat.length).text(stat)
      for (const { at, name, clock: of, cpuPlaces } of listed) {
        w.u16(3)
          .u32(8 + name.length + 1 + of.length + 1 + 4 + 4 + cpuPlaces.length * 20)
          .u64(at)
          .cstring(name)
          .cstring(of)
          .u32(PAGE_BYTES)
          .u32(cpuPlaces.length)
        for (const [cpu, { at: from, size }] of cpuPlaces.entries()) w.u32(cpu).u64(from).u64(size)
      }
      w.u16(0).u32(8).u64(0)
    }),
  )
  return out.bytes
}

export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
})

/** Samples of each format. */
export const lookup = (time: number, pid: number, pfn: bigint, small: number): Sample => ({
  time,
  id: 1001,
  pid,
  preempt: 1,
  data: (w) => w.u64(0xffff_ffff_8100_0010n).u64(pfn).i32(small),
})
export const lookedUp = (time: number, pid: number, pgmap: bigint): Sample => ({
  time,
  id: 1002,
  pid,
  flags: 1,
  data: (w) => w.u64(0xffff_ffff_8100_0000n).u64(0xffff_ffff_8200_0004n).u64(pgmap),
})
export const probe = (time: number, pid: number, dev: string): Sample => ({
  time,
  id: 1003,
  pid,
  data: (w) => {
    const at = w.length + 12
    w.u64(0xffff_ffff_8200_0000n)
      .u32(((dev.length + 1) << 16) | at)
      .cstring(dev)
  },
})
export const odd = (time: number, pid: number, x: number): Sample => ({ time, id: 1004, pid, data: (w) => w.i32(x) })

export const CONTENT: Content = {
  cpus: [
    [
      { samples: [lookup(5_000_000_000, 7, 0x123456n, -5), lookedUp(5_000_000_900, 7, 0xff11_0000_0000_0010n), odd(5_000_001_000, 7, 3)] },
      { missed: 12, samples: [probe(6_000_000_000, 0, 'pfn0.0')] },
    ],
    [{ samples: [lookup(5_000_000_000, 9, 0n, 7), lookup(5_000_000_901, 9, 0xffff_ffff_ffff_ffffn, 0)] }],
  ],
  kallsyms:
    'ffffffff81000000 T get_dev_pagemap\nffffffff81000100 t other\nffffffff82000000 t caller\t[mod]\nffffffff82000040 t end\t[mod]\n',
  comms: '7 my task\n9 pin\n',
}

/** All layouts there are. */
export const layouts: Layout[] = [true, false].flatMap((little) =>
  ([4, 8] as const).flatMap((longBytes) => [
    { little, longBytes, version: 6, algorithm: 'none' } as const,
    ...(['none', 'zlib', 'zstd'] as const).map((algorithm) => ({ little, longBytes, version: 7, algorithm }) as const),
  ]),
)
