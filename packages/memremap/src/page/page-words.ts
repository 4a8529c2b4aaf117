/**
 * The two words that a device page uses for its pagemap and an ordinary page for its place on a list (the union of
 * `page.lru` and `page.pgmap`). A device page is on no list; who adds it to one destroys its pagemap pointer, and the eras
 * differ in whether anybody notices.
 */
import type { Pointer } from '@devtrail/events'

/** Words that an entry of no list holds (linux/poison.h); 3 is of the 2015 series alone. */
export const listPoison = {
  POISON1: '0xdead000000000100',
  POISON2: '0xdead000000000122',
  POISON3: '0xdead000000000300',
} as const

export interface PageWords {
  /** `lru.next`, `pgmap`. */
  readonly word0: Pointer
  /** `lru.prev`, since 4.14 `zone_device_data`. */
  readonly word1: Pointer
}

/** What a pagemap's initialisation leaves in the second word: the poison of the series, or nothing. */
export const initialWord1 = (poisons: boolean): Pointer => (poisons ? listPoison.POISON3 : '0x0')

/** Whether CONFIG_DEBUG_LIST of the series warns that an entry was not to be put on any list. */
export const isForcePoisoned = ({ word0, word1 }: PageWords): boolean => word0 === listPoison.POISON3 || word1 === listPoison.POISON3
