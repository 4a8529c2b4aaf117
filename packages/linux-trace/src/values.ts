import type { Fields } from './probe-hit.ts'

/** A 64-bit word; a negative number wraps; null where missing, faulted or no number. */
export const u64 = (fields: Fields, name: string): bigint | null => fields.u64(name)

/** A signed number that fits a double exactly, or null. */
export const int = (fields: Fields, name: string): number | null => fields.int(name)

/** A pointer; null for NULL. */
export const pointer = (fields: Fields, name: string): string | null => fields.pointer(name)

export const string = (fields: Fields, name: string): string | null => fields.string(name)

const word = new Uint32Array(2)

/** The halves of a 64-bit word, the lower first, until the next call; of what is no number, of 0. */
export function halves(fields: Fields, name: string): Uint32Array {
  if (!fields.word(name, word)) word.fill(0)
  return word
}

/** A C int returned in a 64-bit register (`ret=0xfffffff4` is -12). */
export function errnoOf(fields: Fields, name = 'ret'): number {
  return fields.word(name, word) ? word[0]! | 0 : 0
}

/** The errno in an ERR_PTR, or null for an ordinary pointer. */
export function errPtr(value: bigint): number | null {
  return value >= 0xffff_ffff_ffff_f001n ? Number(BigInt.asIntN(64, value)) : null
}
