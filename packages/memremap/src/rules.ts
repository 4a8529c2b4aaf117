import { errno } from '@devtrail/events'

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
  /** The references that get_user_pages takes hold the pagemap too. */
  readonly walkHoldsPagemap: boolean
  /** A page that is handed out one by one holds its pagemap from then until it is freed; else freeing alone puts it. */
  readonly allocationHoldsPagemap: boolean
  /** Putting a page that nobody references is a BUG, else unnoticed. */
  readonly putBeyondLastBugs: boolean
  /** Where `lru` is in a struct page, in bytes. */
  readonly lruOffset: number
  /** Lists warn about an entry whose words are those of an unused page. */
  readonly listsCheckPoison: boolean
  /** A pfn is valid if its 2 MiB were added, else if any of its section was. */
  readonly validBySubSection: boolean
  /** What says which parts of a section are valid is freed after a grace period, else at once. */
  readonly usageAfterGrace: boolean
  /** A page that cannot be taken offline is put back as the caller asked. */
  readonly softOfflinePuts: boolean
}

/** What faults of DAX files do differently. */
export interface FaultRules {
  /** What a fault makes of a device that cannot be used any more. */
  readonly deadErrno: number
  /** An error with 2 MiB leads to another try with one page; else to a signal, but for a range that is short or misaligned. */
  readonly pmdErrorsFallBack: boolean
  /** A file gives blocks up only once nobody references their pages. */
  readonly truncateWaits: boolean
}

/** What the walks of get_user_pages do differently. */
export interface GupRules {
  /** Entries of device pages are not asked whether they may be written. */
  readonly devmapSkipsPermission: boolean
  /** The fast walk puts its lookup after each page, be it of that pagemap or not; else once at the end. */
  readonly putsLookupEachPage: boolean
  /** The fast walk looks at an entry again when it has the page. */
  readonly rechecksEntries: boolean
  /** The slow walk keeps its lookups and puts the last at the end; else each of them is never put. */
  readonly slowPutsLookup: boolean
  /** The slow walk puts its lookup also when it fails in the middle. */
  readonly slowErrorPutsLookup: boolean
  /** An entry of 2 MiB gives the slow walk the page that was asked for; else its first. */
  readonly pmdOffset: boolean
  /** A page of 2 MiB that cannot be referenced ends the walk like others: undone, its lookup put. */
  readonly hugeRefusalPuts: boolean
  /** Who wants a device page for long is refused. */
  readonly refusesLongTerm: boolean
  /** What a killed task gets. */
  readonly killedErrno: number
}

/** What the two eras do differently. `seed` is the whole v2 series of October 2015 (`zone-device-v2-2015`). */
export interface MemremapRules extends PagemapRules, PageRules, FaultRules, GupRules {}

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
  seed: {
    pageHoldsPagemap: true,
    pins: false,
    wakes: [],
    poisonsPages: true,
    handsOutFromZero: false,
    walkHoldsPagemap: true,
    allocationHoldsPagemap: false,
    putBeyondLastBugs: true,
    lruOffset: 32,
    listsCheckPoison: true,
    validBySubSection: false,
    usageAfterGrace: true,
    softOfflinePuts: true,
  },
  'linux-6.1': {
    pageHoldsPagemap: false,
    pins: true,
    wakes: ['put_page', 'gup', 'unpin', 'live'],
    poisonsPages: false,
    handsOutFromZero: true,
    walkHoldsPagemap: false,
    allocationHoldsPagemap: true,
    putBeyondLastBugs: false,
    lruOffset: 8,
    listsCheckPoison: false,
    validBySubSection: true,
    usageAfterGrace: true,
    softOfflinePuts: true,
  },
}

const faultRules: Readonly<Record<RulesName, FaultRules>> = {
  seed: { deadErrno: errno.EIO, pmdErrorsFallBack: false, truncateWaits: false },
  'linux-6.1': { deadErrno: errno.ENXIO, pmdErrorsFallBack: true, truncateWaits: true },
}

const gupRules: Readonly<Record<RulesName, GupRules>> = {
  seed: {
    devmapSkipsPermission: true,
    putsLookupEachPage: true,
    rechecksEntries: false,
    slowPutsLookup: false,
    slowErrorPutsLookup: false,
    pmdOffset: false,
    hugeRefusalPuts: true,
    refusesLongTerm: false,
    killedErrno: errno.ERESTARTSYS,
  },
  'linux-6.1': {
    devmapSkipsPermission: false,
    putsLookupEachPage: false,
    rechecksEntries: true,
    slowPutsLookup: true,
    slowErrorPutsLookup: true,
    pmdOffset: true,
    hugeRefusalPuts: true,
    refusesLongTerm: true,
    killedErrno: errno.EINTR,
  },
}

export const memremapRules: Readonly<Record<RulesName, MemremapRules>> = {
  seed: { ...pagemapRules.seed, ...pageRules.seed, ...faultRules.seed, ...gupRules.seed },
  'linux-6.1': {
    ...pagemapRules['linux-6.1'],
    ...pageRules['linux-6.1'],
    ...faultRules['linux-6.1'],
    ...gupRules['linux-6.1'],
  },
}
