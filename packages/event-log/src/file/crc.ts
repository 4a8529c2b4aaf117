import { crc32 } from 'node:zlib'

/** A checksum as it stands in JSON files. */
export function hexCrc(bytes: Uint8Array | string): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}
