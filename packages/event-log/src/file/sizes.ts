import type { Compress } from './zstd.ts'

/** Sizes at which blocks and segments end; smaller ones are for tests. */
export interface Sizes {
  readonly blockEvents: number
  readonly segmentBytes: number
  /** Another way to compress, for tests. */
  readonly compress?: Compress
}

export const SIZES: Sizes = { blockEvents: 4096, segmentBytes: 64 * 1024 * 1024 }

const SEGMENT_BYTES_MIN = 4096
const SEGMENT_BYTES_MAX = 2 ** 30

/** The sizes, with segments as a writer wants them. @throws RangeError */
export function sizesOf({ segmentBytes = SIZES.segmentBytes }: { readonly segmentBytes?: number }): Sizes {
  if (!Number.isInteger(segmentBytes) || segmentBytes < SEGMENT_BYTES_MIN || segmentBytes > SEGMENT_BYTES_MAX)
    throw new RangeError(`segmentBytes should be a whole number from ${SEGMENT_BYTES_MIN} to ${SEGMENT_BYTES_MAX}, not ${segmentBytes}`)
  return { ...SIZES, segmentBytes }
}
