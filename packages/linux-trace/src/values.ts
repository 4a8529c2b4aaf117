import type { Fields } from './probes.ts'

/** Printed values of a probe's fields as typed ones; null where missing, faulted or not of that form. */

const FAULT = '(fault)'

function integer(text: string | undefined): bigint | null {
  if (text === undefined || text === FAULT || !/^-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20})$/.test(text)) return null
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
}

/** A 64-bit word; a negative number wraps. */
export function u64(fields: Fields, name: string): bigint | null {
  const v = integer(fields.get(name))
  return v === null ? null : BigInt.asUintN(64, v)
}

/** A signed number that fits a double exactly, or null. */
export function int(fields: Fields, name: string): number | null {
  const v = integer(fields.get(name))
  if (v === null) return null
  const n = Number(v)
  return Number.isSafeInteger(n) ? n : null
}

/** A pointer; null for NULL. */
export function pointer(fields: Fields, name: string): string | null {
  const v = u64(fields, name)
  return v === null || v === 0n ? null : `0x${v.toString(16)}`
}

/** A C int returned in a 64-bit register (`ret=0xfffffff4` is -12). */
export function errnoOf(fields: Fields, name = 'ret'): number {
  const v = u64(fields, name)
  return v === null ? 0 : Number(BigInt.asIntN(32, v))
}

/** The errno in an ERR_PTR, or null for an ordinary pointer. */
export function errPtr(value: bigint): number | null {
  return value >= 0xffff_ffff_ffff_f001n ? Number(BigInt.asIntN(64, value)) : null
}

export function string(fields: Fields, name: string): string | null {
  const text = fields.get(name)
  return text === undefined || text === FAULT ? null : text
}
