/** What a trace.dat consists of, but for the records. */
import type { CpuStat } from '../cpu-stats.ts'
import type { EventFormat } from './format.ts'
import type { Symbols } from './symbols.ts'

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
