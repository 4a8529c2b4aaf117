import type { RulesName } from '@devtrail/memremap'
import type { NdKind } from '../bus/nd-device.ts'

/** Where the nvdimm bus and the pmem driver of the two eras differ, besides the order of what they do, which is in their own folders. */
export interface NvdimmRules {
  /** What can take a namespace; each has a seed. Dax devices are there since 4.7. */
  readonly kinds: readonly Exclude<NdKind, 'namespace'>[]
  /** Smaller namespaces are not probed, bytes. */
  readonly namespaceBytesMin: number
  /** A namespace that would get struct pages must lie at multiples of this, bytes; else -EOPNOTSUPP. 0: no matter. */
  readonly mappedAlign: number
  /** Bad blocks are known (since 4.5). */
  readonly knowsBadBlocks: boolean
  /** A probe that ends with -EOPNOTSUPP takes the seed into use, too. */
  readonly advancesUnsupported: boolean
  /** Labels are of version 1.2, which say what a namespace is for (since 4.13). */
  readonly labelsKnowClasses: boolean
  /** The driver core binds pins before each probe (CONFIG_PINCTRL). */
  readonly bindsPins: boolean
}

export const nvdimmRules: Readonly<Record<RulesName, NvdimmRules>> = {
  seed: {
    kinds: ['btt', 'pfn'],
    namespaceBytesMin: 4 << 20,
    mappedAlign: 0,
    knowsBadBlocks: false,
    advancesUnsupported: false,
    labelsKnowClasses: false,
    bindsPins: false,
  },
  'linux-6.1': {
    kinds: ['btt', 'pfn', 'dax'],
    namespaceBytesMin: 4096,
    mappedAlign: 2 << 20,
    knowsBadBlocks: true,
    advancesUnsupported: true,
    labelsKnowClasses: true,
    bindsPins: true,
  },
}
