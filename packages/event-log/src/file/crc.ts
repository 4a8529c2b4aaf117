import { crc32 } from '#native'

const encoder = new TextEncoder()

/** A checksum as it stands in JSON files. */
export function hexCrc(bytes: Uint8Array | string): string {
  return crc32(typeof bytes === 'string' ? encoder.encode(bytes) : bytes)
    .toString(16)
    .padStart(8, '0')
}
