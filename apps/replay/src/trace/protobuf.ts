/** What of protocol buffers a writer of traces needs. */
const VARINT = 0
const FIXED64 = 1
const BYTES = 2

const encoder = new TextEncoder()

/** The fields of one message, written one behind the other. */
export class Message {
  readonly #bytes: number[] = []

  #varint(value: bigint): void {
    let left = BigInt.asUintN(64, value)
    for (; left > 0x7fn; left >>= 7n) this.#bytes.push(Number(left & 0x7fn) | 0x80)
    this.#bytes.push(Number(left))
  }

  #tag(field: number, wire: number): void {
    this.#varint(BigInt(field * 8 + wire))
  }

  /** A whole number, of whichever size and sign. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, VARINT)
    this.#varint(BigInt(value))
    return this
  }

  fixed64(field: number, value: number): this {
    this.#tag(field, FIXED64)
    for (let left = BigInt(value), i = 0; i < 8; i++, left >>= 8n) this.#bytes.push(Number(left & 0xffn))
    return this
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, BYTES)
    this.#varint(BigInt(value.length))
    for (const byte of value) this.#bytes.push(byte)
    return this
  }

  string(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value))
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish())
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
