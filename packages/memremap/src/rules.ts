import { errno } from '@devtrail/events'

/** A step of taking a pagemap down. */
export type UnmapStep =
  /** Warns about a reference that is still live (tryget_live succeeds), and goes on. */
  | 'check-live'
  /** Waits for a grace period (synchronize_rcu). */
  | 'grace'
  /** Warns about pages that are still referenced, and goes on. */
  | 'check-pages'
  /** Kills the reference. */
  | 'kill'
  /** Puts the references that the pages hold. */
  | 'put-pages'
  /** Waits until the reference is released. */
  | 'wait'
  /** Hot-removes the memory: the struct pages go. */
  | 'remove'
  /** Forgets the memory type of the range. */
  | 'untrack'
  /** Takes the range out of the registry: no lookup finds it any more. */
  | 'erase'
  /** percpu_ref_exit. */
  | 'exit'
  /** Warns about an altmap that is still in use. */
  | 'check-altmap'
  /** Frees the record that the registry pointed at. */
  | 'free'

/** The order in which a pagemap is taken down; `eachRange` is done for one range after the other. */
export interface UnmapOrder {
  readonly before: readonly UnmapStep[]
  readonly eachRange: readonly UnmapStep[]
  readonly after: readonly UnmapStep[]
}
/** What pagemaps do differently. */
export interface PagemapRules {
  /** The pagemap has a reference of its own, set up by mapping it; else the driver hands in a live one (the queue's usage counter). */
  readonly ownRef: boolean
  /** A pagemap has a type and may have several ranges, and is mapped by memremap_pages; else there is only devm_memremap_pages. */
  readonly typed: boolean
  /** What a range of System RAM gets: its address, and nothing else is done; or -ENXIO. A mixed one is always refused. */
  readonly ram: 'address' | 'refused'
  /** System RAM is looked for in the range as asked for, or in that of the whole sections that are added (since 4.6). */
  readonly ramTest: 'raw' | 'aligned'
  /** How a pagemap is found: on a list where the newest comes first, by section (4.5 to 4.13), or by page. */
  readonly index: 'list' | 'sections' | 'pages'
  /** Sections of a range are counted to its end; else by its size alone, which misses the last of one that straddles. */
  readonly storesByEnd: boolean
  /** The same of erasing, which until 4.15 went by the size alone. */
  readonly erasesByEnd: boolean
  /** Taking back a store that met another's section erases every section of the range, whoever's it is (until 4.15). */
  readonly rollbackErasesAll: boolean
  /** A range whose first or last page is in a live pagemap is refused with -ENOMEM (since 4.19). */
  readonly clashProbed: boolean
  /** Memory is added by so many pages: a whole section, or 2 MiB (since 5.3). */
  readonly granulePages: number
  /** A range that is not of whole granules is refused with -EINVAL; else the sections it touches are added whole. */
  readonly granuleChecked: boolean
  /** A section that is there already counts as added (until 4.14); else -EEXIST. */
  readonly presentSkipped: boolean
  /** Parts of sections have their struct pages in RAM, altmap or not (since 5.3). */
  readonly partsInRam: boolean
  /** Hot-removal finds the altmap by looking up the pagemap of the struct pages' own page (until 4.15). */
  readonly altmapLookedUp: boolean
  /** The memory type of a range is tracked (since 4.9). */
  readonly tracksMemtype: boolean
  /** A range that may not be hot-added is untracked on the way out (since 5.19). */
  readonly untracksRefused: boolean
  /** Hot-removal learns the zone from the first page behind the altmap; else from the first of the range, as 5.3 did. */
  readonly readsInitialisedZone: boolean
  /** A failure of memory that holds struct pages is not taken for one of data (since 5.12). */
  readonly sparesMetadata: boolean
  /** A pagemap's struct can be mapped again when it is gone; else its own reference is taken for a driver's (5.3-rc). */
  readonly clearsOwnRef: boolean
  /** One hot-add or hot-remove at a time (since 4.10). */
  readonly hotplugLocked: boolean
  /** Each page of the range holds a reference of the pagemap. */
  readonly pagesHoldRef: boolean
  /** What goes wrong after memory was added is undone; else the caller gets the error and the pagemap stays (until 5.0). */
  readonly undoesUnmanaged: boolean
  /** The order in which a pagemap is taken down. */
  readonly unmap: UnmapOrder
  /** A lookup that the cached pagemap answers takes a reference on it, without a look whether it is dying. */
  readonly cachedLookupGets: boolean
  /** A cached pagemap that does not answer is put; else it stays with the caller. */
  readonly otherCachedPut: boolean
  /** The release of devm_memremap unmaps what was mapped; else, until 4.5, the address of its own record. */
  readonly unmapsWhatWasMapped: boolean
  /** memremap knows write-combined, encrypted and decrypted mappings (since 4.6 and 4.19). */
  readonly mapsWriteCombined: boolean
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

/**
 * What the two eras do differently. `seed` is the whole v2 series of October 2015 (`zone-device-v2-2015`). A table of one's own
 * is another kernel, or one with an old mistake: `{ ...memremapRules['linux-6.1'], unmap: … }`.
 */
export interface MemremapRules extends PagemapRules, PageRules, FaultRules, GupRules {}

export type RulesName = 'seed' | 'linux-6.1'

/** Pages of a section of 128 MiB, and of a part of one that can be added alone since Linux 5.3 (PAGES_PER_SUBSECTION). */
export const SECTION_PAGES = 32768
export const SUBSECTION_PAGES = 512

const pagemapRules: Readonly<Record<RulesName, PagemapRules>> = {
  seed: {
    ownRef: false,
    typed: false,
    ram: 'address',
    ramTest: 'raw',
    index: 'list',
    storesByEnd: true,
    erasesByEnd: true,
    rollbackErasesAll: false,
    clashProbed: false,
    granulePages: SECTION_PAGES,
    granuleChecked: false,
    presentSkipped: true,
    partsInRam: false,
    altmapLookedUp: true,
    tracksMemtype: false,
    untracksRefused: false,
    readsInitialisedZone: true,
    sparesMetadata: false,
    clearsOwnRef: true,
    hotplugLocked: false,
    pagesHoldRef: false,
    undoesUnmanaged: true,
    unmap: { before: ['check-live', 'grace', 'check-pages'], eachRange: ['remove'], after: ['check-altmap', 'erase', 'free'] },
    cachedLookupGets: true,
    otherCachedPut: false,
    unmapsWhatWasMapped: false,
    mapsWriteCombined: false,
  },
  'linux-6.1': {
    ownRef: true,
    typed: true,
    ram: 'refused',
    ramTest: 'raw',
    index: 'pages',
    storesByEnd: true,
    erasesByEnd: true,
    rollbackErasesAll: false,
    clashProbed: true,
    granulePages: SUBSECTION_PAGES,
    granuleChecked: true,
    presentSkipped: false,
    partsInRam: true,
    altmapLookedUp: false,
    tracksMemtype: true,
    untracksRefused: true,
    readsInitialisedZone: true,
    sparesMetadata: true,
    clearsOwnRef: true,
    hotplugLocked: true,
    pagesHoldRef: true,
    undoesUnmanaged: true,
    unmap: {
      before: ['kill', 'put-pages', 'wait'],
      eachRange: ['remove', 'untrack', 'erase', 'grace'],
      after: ['exit', 'check-altmap'],
    },
    cachedLookupGets: false,
    otherCachedPut: true,
    unmapsWhatWasMapped: true,
    mapsWriteCombined: true,
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
