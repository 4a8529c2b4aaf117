import { createHash } from 'node:crypto'
import { Btf, factsOf, layoutOf, verifiedKernels, type Layout, type VerifiedKernel } from '@devtrail/linux-trace'

/** The largest BTF of any kernel is a tenth of this. */
export const BTF_BYTES_MAX = 256 << 20

export interface Kernel extends VerifiedKernel {
  /** Whether it is one of those that recordings were made of and checked. */
  readonly isVerified: boolean
  /** One of those whose structures lie the same. */
  readonly like: string | null
}

/** What a kernel's type information tells of it. @throws RecordingError when it is none. */
export function kernelOfBtf(bytes: Uint8Array): Kernel {
  const btf = createHash('sha256').update(bytes).digest('hex')
  const layout: Layout = layoutOf(new Btf(bytes))
  const known = verifiedKernels.flatMap(({ also = [], ...kernel }) => [kernel, ...also]).find((build) => build.btf === btf)
  return {
    ...layout,
    btf,
    release: known?.release ?? `BTF-${btf.slice(0, 12)}`,
    isVerified: known !== undefined,
    like: verifiedKernels.find((kernel) => factsOf(kernel) === factsOf(layout))?.release ?? null,
  }
}
