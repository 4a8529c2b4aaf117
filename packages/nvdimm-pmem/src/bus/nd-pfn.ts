import type { LiveDevice } from '@devtrail/devres'
import { errno } from '@devtrail/events'
import type { DevPagemap } from '@devtrail/memremap'
import { SUPPORTED_ALIGNMENTS } from '../media/pfn-layout.ts'
import { pfnMode, type PfnSuperblock } from '../media/pfn-superblock.ts'
import { sizeIn, sizesText, wordByBeginning } from './attribute-text.ts'
import { NdClaimant } from './nd-claimant.ts'
import { unlessBound, type Attribute } from './nd-device.ts'

const MODES = ['pmem', 'ram', 'none'] as const
const MODE_VALUES = { pmem: pfnMode.PMEM, ram: pfnMode.RAM, none: pfnMode.NONE } as const

/** `struct nd_pfn`: what gives a namespace struct pages; as `dax` for one without a disk. */
export class NdPfn extends NdClaimant {
  mode: number = pfnMode.NONE
  /** Bytes. */
  align = 2 << 20
  /** Its superblock, once it was read or written. */
  superblock: PfnSuperblock | null = null
  /** Of a bound devdax device: the one on the dax bus, and its pagemap. */
  daxDevice: LiveDevice | null = null
  pagemap: DevPagemap | null = null

  reset(): void {
    this.mode = pfnMode.NONE
    this.uuid = null
  }

  /** Bytes of data, and the physical address at which they begin; null while it is unbound. */
  get data(): { start: bigint; size: number } | null {
    if (!this.hasDriver || this.superblock === null || this.ndns === null) return null
    const { dataoff, startPad, endTrunc } = this.superblock
    const start = this.ndns.range.start + BigInt(startPad + dataoff)
    return { start, size: this.ndns.size - startPad - endTrunc - dataoff }
  }

  readonly attributes: Readonly<Record<string, Attribute>> = {
    ...this.claiming,
    mode: {
      show: () => MODES.find((mode) => MODE_VALUES[mode] === this.mode) ?? 'none',
      store: unlessBound(
        () => this,
        (value) => {
          const mode = wordByBeginning(value, MODES)
          if (mode === null) return errno.EINVAL
          this.mode = MODE_VALUES[mode]
          return 0
        },
      ),
    },
    align: {
      show: () => sizesText(this.align, SUPPORTED_ALIGNMENTS),
      store: unlessBound(
        () => this,
        (value) => {
          const align = sizeIn(value, SUPPORTED_ALIGNMENTS)
          if (align < 0) return align
          this.align = align
          return 0
        },
      ),
    },
    supported_alignments: { show: () => SUPPORTED_ALIGNMENTS.join(' ') },
    resource: { show: () => (this.data === null ? errno.ENXIO : `0x${this.data.start.toString(16)}`) },
    size: { show: () => (this.data === null ? errno.ENXIO : `${this.data.size}`) },
  }
}
