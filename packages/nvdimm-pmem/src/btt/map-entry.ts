/**
 * An entry of the map, 32 bits: the block in which a sector's data lie, and two flags. With neither the sector was never
 * written and lies in the block of its own number; with both it is as usual; with one of them:
 */
/** Reads give zeros. */
export const ZERO = 0x8000_0000
/** Reads fail, until it is written. */
export const ERROR = 0x4000_0000
export const NORMAL = 0xc000_0000
/** The block of an entry with either. */
export const BLOCK = 0x3fff_ffff
/** The flags of an entry that was never written. */
export const UNTOUCHED = 0

export const normalEntry = (block: number): number => (block | NORMAL) >>> 0
export const errorEntry = (block: number): number => (block | ERROR) >>> 0

/** The block of a sector, read off its entry. */
export function blockOf(entry: number, lba: number): number {
  return entry >= ZERO || (entry & ERROR) !== 0 ? entry & BLOCK : lba
}

export const isZeroEntry = (entry: number): boolean => (entry & NORMAL) >>> 0 === ZERO
export const isErrorEntry = (entry: number): boolean => (entry & NORMAL) === ERROR
/** The block that a log's `old` or `new` names, without flags. */
export const withoutFlags = (word: number): number => word & BLOCK
