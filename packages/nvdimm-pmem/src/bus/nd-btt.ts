import { errno } from '@devtrail/events'
import type { Btt } from '../btt/btt.ts'
import { sectorSizes } from '../btt/geometry.ts'
import { sizeIn, sizesText } from './attribute-text.ts'
import { NdClaimant } from './nd-claimant.ts'
import { unlessBound, type Attribute } from './nd-device.ts'
import type { NdRegion } from './nd-region.ts'

/** `struct nd_btt`: what is, or will be, a BTT on a namespace. */
export class NdBtt extends NdClaimant {
  /** Bytes of a sector with its metadata; 0: not chosen. */
  lbasize = 0
  /** While it is bound. */
  btt: Btt | null = null

  constructor(region: NdRegion, index: number) {
    super(region, 'btt', index)
  }

  reset(): void {
    this.lbasize = 0
    this.uuid = null
  }

  readonly attributes: Readonly<Record<string, Attribute>> = {
    ...this.claiming,
    sector_size: {
      show: () => sizesText(this.lbasize, sectorSizes),
      store: unlessBound(
        () => this,
        (value) => {
          const size = sizeIn(value, sectorSizes)
          if (size < 0) return size
          this.lbasize = size
          return 0
        },
      ),
    },
    size: { show: () => (this.btt === null ? errno.ENXIO : `${this.btt.sectorCount * this.btt.sectorSize}`) },
    log_zero_flags: { show: () => 'Y' },
  }
}
