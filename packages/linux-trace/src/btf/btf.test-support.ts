/** Makes small BTF blobs, for tests. */
export interface BtfType {
  readonly kind: number
  readonly name?: string
  /** Size, or the type referred to. */
  readonly value: number
  /** Words that follow; of structures three a member: name, type, bit offset. */
  readonly words?: readonly (number | string)[]
  readonly members?: number
  /** Whether bit fields may be among its members. */
  readonly flag?: boolean
}

export function makeBtf(types: readonly BtfType[], little = true): Uint8Array {
  let strings = '\0'
  const string = (text: string): number => {
    const at = strings.length
    strings += `${text}\0`
    return at
  }
  const words = types.flatMap(({ kind, name, value, words: more = [], members = 0, flag = false }) => [
    name === undefined ? 0 : string(name),
    ((flag ? 1 : 0) * 2 ** 31 + kind * 2 ** 24 + members) >>> 0,
    value,
    ...more.map((word) => (typeof word === 'string' ? string(word) : word)),
  ])
  const text = new TextEncoder().encode(strings)
  const bytes = new Uint8Array(24 + words.length * 4 + text.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xeb9f, little)
  view.setUint8(2, 1)
  const header = [24, 0, words.length * 4, words.length * 4, text.length]
  for (const [i, word] of header.entries()) view.setUint32(4 + i * 4, word, little)
  for (const [i, word] of words.entries()) view.setUint32(24 + i * 4, word, little)
  bytes.set(text, 24 + words.length * 4)
  return bytes
}
