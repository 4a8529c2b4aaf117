/** A checksum over bytes, going on from the checksum of what came before. */
export type Crc32 = (bytes: Uint8Array, before?: number) => number

let tables: Uint32Array[] | null = null

/** Eight tables, so that eight bytes are taken at once. */
function makeTables(): Uint32Array[] {
  const all = Array.from({ length: 8 }, () => new Uint32Array(256))
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    all[0]![n] = c >>> 0
  }
  for (let n = 0; n < 256; n++) {
    for (let t = 1; t < 8; t++) {
      const c = all[t - 1]![n]!
      all[t]![n] = ((c >>> 8) ^ all[0]![c & 0xff]!) >>> 0
    }
  }
  return all
}

/** CRC-32 as in zip and gzip. On Node hand in `zlib.crc32`, which is an order faster. */
export function crc32(bytes: Uint8Array, before = 0): number {
  tables ??= makeTables()
  const [a, b, c, d, e, f, g, h] = tables as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let crc = ~before
  let at = 0
  for (; at + 8 <= bytes.length; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24))
    crc =
      h[low & 0xff]! ^
      g[(low >>> 8) & 0xff]! ^
      f[(low >>> 16) & 0xff]! ^
      e[low >>> 24]! ^
      d[bytes[at + 4]!]! ^
      c[bytes[at + 5]!]! ^
      b[bytes[at + 6]!]! ^
      a[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ a[(crc ^ bytes[at]!) & 0xff]!
  return ~crc >>> 0
}
