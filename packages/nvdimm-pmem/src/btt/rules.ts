/** Whose BTT it is: the 2015 series' kernel, Linux 6.1, or one without the traps of either, for use on its own. */
export type Rules = 'seed' | 'linux-6.1' | 'sound'

/** Where they differ. */
export interface BttRules {
  /** The slots of the log are told from what is in them (since 4.15); before, the second one was always slot 2. */
  readonly detectsSlots: boolean
  /** Flags in a log's old block are no part of its number (since 4.13). */
  readonly stripsFlags: boolean
  /** A read that looks again at the map, after it made itself known, also compares the flags (since 4.13). */
  readonly comparesFlags: boolean
  /** A block that could not be read is cleared before it is used again (since 4.13). */
  readonly clearsErrors: boolean
  /** A read of several sectors ends at one that reads as zeros, says that all went well, and leaves the rest of the buffer. */
  readonly endsAtZeroSector: boolean
  /** A read that finds its sector zeroed or failing when it looks again leaves its block marked as being read. */
  readonly leavesReadTracked: boolean
}

export const bttRules: Readonly<Record<Rules, BttRules>> = {
  seed: {
    detectsSlots: false,
    stripsFlags: false,
    comparesFlags: false,
    clearsErrors: false,
    endsAtZeroSector: true,
    leavesReadTracked: true,
  },
  'linux-6.1': {
    detectsSlots: true,
    stripsFlags: true,
    comparesFlags: true,
    clearsErrors: true,
    endsAtZeroSector: true,
    leavesReadTracked: true,
  },
  sound: {
    detectsSlots: true,
    stripsFlags: true,
    comparesFlags: true,
    clearsErrors: true,
    endsAtZeroSector: false,
    leavesReadTracked: false,
  },
}
