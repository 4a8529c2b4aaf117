import type { VmemAltmap } from '@devtrail/memremap'

/** A namespace as its driver finds it. */
export interface Namespace {
  /** `namespace0.0`: its device, and the name of its range in iomem. */
  readonly name: string
  readonly start: bigint
  readonly size: bigint
  /** `pmem0` */
  readonly disk: string
  /** What its pfn info block says; null without one. */
  readonly pfn: { readonly name: string; readonly dataOffset: bigint; readonly altmap: VmemAltmap | null } | null
}
