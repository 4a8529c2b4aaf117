/**
 * A pfn with flags in its top bits (`pfn_t`, linux/pfn_t.h): what a driver hands to whoever maps its memory. Sixty-four
 * bits, hence a bigint.
 */
import type { Pfn } from '@devtrail/events'
import { physToPfn } from './page-address.ts'

export type PfnT = bigint

/** PFN_ flags. `SPECIAL` is of 4.17 and later. */
export const pfnFlags = { SG_CHAIN: 1n << 63n, SG_LAST: 1n << 62n, DEV: 1n << 61n, MAP: 1n << 60n, SPECIAL: 1n << 59n } as const

/** PFN_FLAGS_MASK: what of a word is flags. */
const FLAGS_MASK = 0xfff0_0000_0000_0000n

/** `pfn_to_pfn_t` with flags, `__pfn_to_pfn_t`: flags outside the mask are dropped. */
export const pfnToPfnT = (pfn: Pfn, flags: bigint): PfnT => BigInt.asUintN(64, BigInt(pfn) | (flags & FLAGS_MASK))

/** `phys_to_pfn_t`. */
export const physToPfnT = (address: bigint, flags: bigint): PfnT => pfnToPfnT(physToPfn(address), flags)

/** `pfn_t_to_pfn`. */
export const pfnTToPfn = (value: PfnT): Pfn => Number(value & ~FLAGS_MASK)

/** `pfn_t_has_page`: whether it has a struct page. */
export const pfnTHasPage = (value: PfnT): boolean => (value & pfnFlags.MAP) !== 0n || (value & pfnFlags.DEV) === 0n

/**
 * `pfn_t_devmap` (in the 2015 series `pfn_t_has_dev_pagemap`): whether its page belongs to a pagemap.
 * `supported`: whether the architecture has devmap PTEs; without them nothing is.
 */
export const pfnTDevmap = (value: PfnT, supported = true): boolean =>
  supported && (value & (pfnFlags.DEV | pfnFlags.MAP)) === (pfnFlags.DEV | pfnFlags.MAP)

/** `pfn_t_to_page`, `pfn_t_to_virt`: the page to go on with, or null when it has no struct page. */
export const pfnTToPage = (value: PfnT): Pfn | null => (pfnTHasPage(value) ? pfnTToPfn(value) : null)
