/** What pagemaps do differently. */
export interface PagemapRules {
  /** The pagemap has a reference of its own; else the driver hands in a live one (the queue's usage counter). */
  readonly ownRef: boolean
  /** Unmapping kills the reference and waits until it is released; else it only warns about one that is live. */
  readonly unmapWaits: boolean
  /** A range whose first or last page is mapped and live is refused with -ENOMEM; else the newest pagemap wins. */
  readonly clashRefused: boolean
  /** Start and size of a range are multiples of so many pages; else -EINVAL. */
  readonly granulePages: number
  /** A lookup that the cached pagemap answers takes a reference on it, without a look whether it is dying. */
  readonly cachedLookupGets: boolean
  /** A cached pagemap that does not answer is put; else it stays with the caller. */
  readonly otherCachedPut: boolean
}

/** What struct pages and the references to them do differently. */
export interface PageRules {
  /** Each page reference holds the pagemap as well; else nothing but a lookup under way does. */
  readonly pageHoldsPagemap: boolean
  /** FOLL_PIN exists. */
  readonly pins: boolean
  /** Which puts wake those who wait for an idle FS_DAX page. */
  readonly wakes: readonly string[]
  /** The word behind a page's pagemap pointer is poisoned, else empty. */
  readonly poisonsPages: boolean
  /** Pages that are handed out one by one (PRIVATE, COHERENT) are idle at 0, else at 1. */
  readonly handsOutFromZero: boolean
}

/** What the two eras do differently. `seed` is the whole v2 series of October 2015 (`zone-device-v2-2015`). */
export interface MemremapRules extends PagemapRules, PageRules {}

export type RulesName = 'seed' | 'linux-6.1'

const pagemapRules: Readonly<Record<RulesName, PagemapRules>> = {
  seed: {
    ownRef: false,
    unmapWaits: false,
    clashRefused: false,
    granulePages: 1,
    cachedLookupGets: true,
    otherCachedPut: false,
  },
  'linux-6.1': {
    ownRef: true,
    unmapWaits: true,
    clashRefused: true,
    granulePages: 512,
    cachedLookupGets: false,
    otherCachedPut: true,
  },
}

const pageRules: Readonly<Record<RulesName, PageRules>> = {
  seed: { pageHoldsPagemap: true, pins: false, wakes: [], poisonsPages: true, handsOutFromZero: false },
  'linux-6.1': {
    pageHoldsPagemap: false,
    pins: true,
    wakes: ['put_page', 'gup', 'unpin', 'live'],
    poisonsPages: false,
    handsOutFromZero: true,
  },
}

export const memremapRules: Readonly<Record<RulesName, MemremapRules>> = {
  seed: { ...pagemapRules.seed, ...pageRules.seed },
  'linux-6.1': { ...pagemapRules['linux-6.1'], ...pageRules['linux-6.1'] },
}
