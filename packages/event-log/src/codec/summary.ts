import { BrokenBlockError, type ByteReader } from './bytes.ts'

/** What a block says of its events, so that it can be skipped unread. */
export interface Summary {
  readonly minTime: number
  readonly maxTime: number
  /** Smallest and largest entry; null when no event has one. */
  readonly entries: { readonly first: number; readonly last: number } | null
  /** A bit for each device in it; see `deviceBit`. */
  readonly deviceMask: number
  /** A bit for each type in it; see {@link typeBit}. */
  readonly typeMask: number
}

/** Bit 31 for no device, else the device's number modulo 31. */
export function deviceBit(device: number | null): number {
  if (device === null) return 0x8000_0000
  if (device >= 0 && device < 31) return 1 << device
  return 1 << (((device % 31) + 31) % 31)
}

/** The type's number in the segment modulo 32. */
export function typeBit(type: number): number {
  return 1 << (type % 32)
}

/** @throws BrokenBlockError. */
export function readSummary(input: ByteReader): Summary {
  const minTime = input.signed()
  const maxTime = input.signed()
  const has = input.u8()
  const entries = has === 0 ? null : { first: input.signed(), last: input.signed() }
  const deviceMask = input.varint()
  const typeMask = input.varint()
  if (has > 1 || deviceMask >= 2 ** 32 || typeMask >= 2 ** 32) throw new BrokenBlockError('a summary that makes no sense')
  return { minTime, maxTime, entries, deviceMask, typeMask }
}
