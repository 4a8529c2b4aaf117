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
  /** Sections of a range are counted to its end; else by its size alone, which misses the last of one that straddles. Storing, erasing (until 4.15 apart). */
  readonly storesByEnd: boolean
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
  /** One hot-add or hot-remove at a time (since 4.10). */
  readonly hotplugLocked: boolean
  /** Each page of the range holds a reference of the pagemap. */
  readonly pagesHoldRef: boolean
  /** What goes wrong after memory was added is undone; else the caller gets the error and the pagemap stays (until 5.0). */
  readonly undoesUnmanaged: boolean
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
}

/**
 * What the two eras do differently. `seed` is the whole v2 series of October 2015 (`zone-device-v2-2015`). A table of one's own
 * is another kernel, or one with an old mistake: `{ ...memremapRules['linux-6.1'], unmap: … }`.
 */
export interface MemremapRules extends PagemapRules, PageRules {}

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
