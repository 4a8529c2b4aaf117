/** Pointers to struct pages come again and again, and there are tens of thousands of them. */
const BITS = 17
const SLOTS = 1 << BITS
const highs = new Uint32Array(SLOTS)
const lows = new Uint32Array(SLOTS)
const texts: (string | undefined)[] = Array.from({ length: SLOTS })

/** A 64-bit word as a hex string. Words that come again are found, not printed anew. */
export function pointerText(high: number, low: number): string {
  const slot = (Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - BITS)) & (SLOTS - 1)
  const known = texts[slot]
  if (known !== undefined && lows[slot] === low && highs[slot] === high) return known
  const text = high === 0 ? `0x${low.toString(16)}` : `0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`
  highs[slot] = high
  lows[slot] = low
  texts[slot] = text
  return text
}
