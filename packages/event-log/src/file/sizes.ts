import type { Compress } from './zstd.ts'

/** Sizes at which blocks and segments end; smaller ones are for tests. */
export interface Sizes {
  readonly blockEvents: number
  readonly segmentBytes: number
  /** Another way to compress, for tests. */
  readonly compress?: Compress
}

export const SIZES: Sizes = { blockEvents: 4096, segmentBytes: 64 * 1024 * 1024 }
