/** UUIDs as superblocks keep them: 16 bytes in the order in which they are written as text (RFC 9562). */
export const UUID_BYTES = 16
const HEX = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
export const NULL_UUID = '00000000-0000-0000-0000-000000000000'

export const isUuid = (text: string): boolean => HEX.test(text)

/** @throws RangeError when the text is no uuid. */
export function uuidBytes(text: string): Uint8Array {
  if (!isUuid(text)) throw new RangeError(`"${text}" is no uuid; one is written as 00112233-4455-6677-8899-aabbccddeeff`)
  const digits = text.replaceAll('-', '')
  return Uint8Array.from({ length: UUID_BYTES }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

export function uuidText(bytes: Uint8Array): string {
  const digits = Array.from(bytes.subarray(0, UUID_BYTES), (b) => b.toString(16).padStart(2, '0')).join('')
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}
