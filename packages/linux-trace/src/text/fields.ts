import type { Fields } from '../probe-hit.ts'

/** What a probe prints where reading memory failed. */
const FAULT = '(fault)'
const NUMBER = /^-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20})$/

/** A probe's fields as the kernel printed them, by canonical name. */
export class TextFields implements Fields {
  readonly #texts: ReadonlyMap<string, string>

  constructor(texts: ReadonlyMap<string, string>) {
    this.#texts = texts
  }

  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#texts[Symbol.iterator]()
  }

  has(name: string): boolean {
    return this.#texts.has(name)
  }

  get(name: string): string | undefined {
    return this.#texts.get(name)
  }

  #integer(name: string): bigint | null {
    const text = this.#texts.get(name)
    if (text === undefined || text === FAULT || !NUMBER.test(text)) return null
    return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
  }

  word(name: string, into: Uint32Array): boolean {
    const value = this.u64(name)
    if (value === null) return false
    into[0] = Number(value & 0xffff_ffffn)
    into[1] = Number(value >> 32n)
    return true
  }

  u64(name: string): bigint | null {
    const value = this.#integer(name)
    return value === null ? null : BigInt.asUintN(64, value)
  }

  int(name: string): number | null {
    const n = Number(this.#integer(name) ?? Number.NaN)
    return Number.isSafeInteger(n) ? n : null
  }

  pointer(name: string): string | null {
    const value = this.u64(name)
    return value === null || value === 0n ? null : `0x${value.toString(16)}`
  }

  string(name: string): string | null {
    const text = this.#texts.get(name)
    return text === undefined || text === FAULT ? null : text
  }
}
