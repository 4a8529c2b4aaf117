/** Ways to change bytes without knowing what they mean. */
import type { Random } from './random.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** Numbers at the edges of widths, counts and limits. */
const NUMBERS = [0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 4095, 4096, 32_767, 65_535, 65_536, 2 ** 20, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1]

function varint(n: number): number[] {
  const bytes: number[] = []
  for (; n >= 0x80; n = Math.floor(n / 0x80)) bytes.push((n % 0x80) | 0x80)
  return [...bytes, n]
}

function little(n: number, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Math.floor(n / 2 ** (8 * i)) % 256)
}

/** `bytes` with `removed` of them from `at` on, or as many as there are, replaced. */
export function replaced(bytes: Bytes, at: number, removed: number, by: ArrayLike<number>): Bytes {
  const rest = bytes.subarray(at + removed)
  const out = new Uint8Array(at + by.length + rest.length)
  out.set(bytes.subarray(0, at))
  out.set(by, at)
  out.set(rest, at + by.length)
  return out
}

/** A place in the bytes, more often near the front, where lengths and counts are. */
function placeIn(bytes: Bytes, random: Random): number {
  return random.below(random.once(2) ? bytes.length : Math.min(bytes.length, 96))
}

/** Up to `max` bytes from a place on. */
function runIn(bytes: Bytes, random: Random, max: number): { at: number; length: number } {
  const at = placeIn(bytes, random)
  return { at, length: 1 + random.below(Math.min(max, bytes.length - at)) }
}

/** One change; `other` is what pieces are taken from, `tokens` what is put in whole. */
function change(bytes: Bytes, random: Random, other: Bytes, tokens: readonly Bytes[]): Bytes {
  if (bytes.length === 0) return other.slice(0, 64)
  const at = placeIn(bytes, random)
  const copy = bytes.slice()
  switch (random.below(tokens.length > 0 ? 13 : 12)) {
    case 0:
    case 1:
      copy[at]! ^= 1 << random.below(8)
      return copy
    case 2:
      copy[at] = random.below(256)
      return copy
    case 3:
      copy[at] = copy[at]! + random.oneOf([1, -1, 2, -2, 16, -16])
      return copy
    case 4:
      copy[at] = random.oneOf([0, 1, 0x20, 0x40, 0x7f, 0x80, 0xff])
      return copy
    case 5: {
      const word = little(random.oneOf(NUMBERS) + random.below(3) - 1, random.oneOf([2, 4, 8]))
      return replaced(bytes, at, word.length, word)
    }
    case 6:
      return replaced(bytes, at, random.below(2), varint(random.oneOf(NUMBERS)))
    case 7: {
      const { at, length } = runIn(bytes, random, 32)
      return replaced(bytes, at, length, [])
    }
    case 8: {
      const { at, length } = runIn(bytes, random, 64)
      return replaced(bytes, placeIn(bytes, random), 0, bytes.subarray(at, at + length))
    }
    case 9: {
      if (other.length === 0) return copy
      const { at: from, length } = runIn(other, random, 128)
      return replaced(bytes, at, random.once(2) ? Math.min(length, bytes.length - at) : 0, other.subarray(from, from + length))
    }
    case 10: {
      const { at, length } = runIn(bytes, random, 512)
      return copy.fill(random.oneOf([0, 0xff, random.below(256)]), at, at + length)
    }
    case 11:
      return bytes.slice(0, random.below(bytes.length + 1))
    default:
      return replaced(bytes, at, random.below(4), random.oneOf(tokens))
  }
}

/** Bytes with a few changes. */
export function mutated(bytes: Bytes, random: Random, other: Bytes, tokens: readonly Bytes[] = []): Bytes {
  let out = bytes
  for (let left = 1 << random.below(4); left > 0; left--) out = change(out, random, other, tokens)
  return out
}
