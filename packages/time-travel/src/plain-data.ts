/**
 * States as bytes: null, undefined, booleans, numbers, bigints, strings, arrays, plain objects, Maps and Sets, nested.
 * Exact, −0 and lone surrogates included. An object that is reached twice becomes two. Strings and the key lists of
 * objects are written once and referred to by number.
 */

/** Bytes that no `encodePlain` wrote. */
export class BrokenDataError extends Error {
  override readonly name = 'BrokenDataError'
}

/** How deep data may nest. */
export const DEPTH_MAX = 64

const NULL = 0
const UNDEFINED = 1
const FALSE = 2
const TRUE = 3
const DOUBLE = 4
const POSITIVE = 5
const NEGATIVE = 6
const BIGINT = 7
const STRING = 8
const KNOWN_STRING = 9
const ARRAY = 10
const OBJECT = 11
const KNOWN_OBJECT = 12
const MAP = 13
const SET = 14
/** Tags from here on are the numbers from 0 on. */
const SMALL = 32
const SMALL_MAX = 255 - SMALL

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

class Encoder {
  #bytes = new Uint8Array(1024)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  readonly #strings = new Map<string, number>()
  /** Key lists by their first key. */
  readonly #shapes = new Map<string | undefined, { readonly id: number; readonly keys: readonly string[] }[]>()
  #shapeCount = 0

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #room(n: number): number {
    const at = this.#length
    if (at + n > this.#bytes.length) {
      const more = new Uint8Array(Math.max(at + n, this.#bytes.length * 2))
      more.set(this.#bytes)
      this.#bytes = more
      this.#view = new DataView(more.buffer)
    }
    this.#length = at + n
    return at
  }

  #u8(n: number): void {
    const at = this.#room(1)
    this.#bytes[at] = n
  }

  #varint(n: number): void {
    while (n >= 0x80) {
      this.#u8((n % 0x80) | 0x80)
      n = Math.floor(n / 0x80)
    }
    this.#u8(n)
  }

  value(value: unknown, depth: number): void {
    if (typeof value === 'number') return this.#number(value)
    if (typeof value === 'string') return this.#string(value)
    if (value === null) return this.#u8(NULL)
    if (value === undefined) return this.#u8(UNDEFINED)
    if (typeof value === 'boolean') return this.#u8(value ? TRUE : FALSE)
    if (typeof value === 'bigint') return this.#bigint(value)
    if (typeof value !== 'object') throw new TypeError(`a state holds a ${typeof value}; it should be plain data`)
    if (depth === DEPTH_MAX) throw new TypeError(`a state nests more than ${DEPTH_MAX} deep`)
    if (Array.isArray(value)) return this.#list(ARRAY, value.length, value, depth)
    if (value instanceof Map) {
      this.#u8(MAP)
      this.#varint(value.size)
      for (const [key, v] of value) {
        this.value(key, depth + 1)
        this.value(v, depth + 1)
      }
      return
    }
    if (value instanceof Set) return this.#list(SET, value.size, value, depth)
    this.#object(value as Record<string, unknown>, depth)
  }

  #list(tag: number, n: number, values: Iterable<unknown>, depth: number): void {
    this.#u8(tag)
    this.#varint(n)
    for (const v of values) this.value(v, depth + 1)
  }

  #number(n: number): void {
    if (n >= 0 && n <= SMALL_MAX && Number.isInteger(n) && !Object.is(n, -0)) return this.#u8(SMALL + n)
    if (Number.isSafeInteger(n) && n !== 0) {
      this.#u8(n > 0 ? POSITIVE : NEGATIVE)
      return this.#varint(Math.abs(n))
    }
    this.#u8(DOUBLE)
    const at = this.#room(8)
    this.#view.setFloat64(at, n, true)
  }

  #bigint(n: bigint): void {
    const hex = (n < 0n ? -n : n).toString(16)
    this.#u8(BIGINT)
    this.#varint(hex.length * 2 + (n < 0n ? 1 : 0))
    const at = this.#room(hex.length)
    for (let i = 0; i < hex.length; i++) this.#bytes[at + i] = hex.charCodeAt(i)
  }

  #string(text: string): void {
    const known = this.#strings.get(text)
    if (known !== undefined) {
      this.#u8(KNOWN_STRING)
      return this.#varint(known)
    }
    this.#strings.set(text, this.#strings.size)
    this.#u8(STRING)
    this.#varint(text.length)
    for (let i = 0; i < text.length; i++) this.#varint(text.charCodeAt(i))
  }

  #object(object: Record<string, unknown>, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError('a state holds an object of a class; it should be plain data')
    const keys = Object.keys(object)
    let alike = this.#shapes.get(keys[0])
    if (alike === undefined) this.#shapes.set(keys[0], (alike = []))
    const known = alike.find((shape) => isSame(shape.keys, keys))
    if (known === undefined) {
      alike.push({ id: this.#shapeCount++, keys })
      this.#u8(OBJECT)
      this.#varint(keys.length)
      for (const key of keys) this.#string(key)
    } else {
      this.#u8(KNOWN_OBJECT)
      this.#varint(known.id)
    }
    for (let i = 0; i < keys.length; i++) this.value(object[keys[i]!], depth + 1)
  }
}

class Decoder {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0
  readonly #strings: string[] = []
  readonly #shapes: (readonly string[])[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  #u8(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new BrokenDataError('data that ends too early')
    return byte
  }

  #varint(): number {
    let n = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#u8()
      n += (byte & 0x7f) * scale
      if (n > Number.MAX_SAFE_INTEGER) throw new BrokenDataError('a number past 2^53')
      if (byte < 0x80) return n
    }
  }

  /** How many follow, each of at least `bytesEach`. */
  #count(bytesEach: number): number {
    const n = this.#varint()
    if (n * bytesEach > this.left) throw new BrokenDataError(`${n} values in ${this.left} bytes`)
    return n
  }

  value(depth: number): unknown {
    const tag = this.#u8()
    if (tag >= SMALL) return tag - SMALL
    if (depth > DEPTH_MAX) throw new BrokenDataError(`data that nests more than ${DEPTH_MAX} deep`)
    switch (tag) {
      case NULL:
        return null
      case UNDEFINED:
        return undefined
      case FALSE:
        return false
      case TRUE:
        return true
      case DOUBLE: {
        this.#at += 8
        if (this.left < 0) throw new BrokenDataError('data that ends too early')
        return this.#view.getFloat64(this.#at - 8, true)
      }
      case POSITIVE:
        return this.#varint()
      case NEGATIVE:
        return -this.#varint()
      case BIGINT:
        return this.#bigint()
      case STRING:
      case KNOWN_STRING:
        return this.#string(tag)
      case ARRAY:
        return Array.from({ length: this.#count(1) }, () => this.value(depth + 1))
      case OBJECT:
      case KNOWN_OBJECT:
        return this.#object(tag, depth)
      case MAP: {
        const map = new Map<unknown, unknown>()
        for (let left = this.#count(2); left > 0; left--) map.set(this.value(depth + 1), this.value(depth + 1))
        return map
      }
      case SET: {
        const set = new Set<unknown>()
        for (let left = this.#count(1); left > 0; left--) set.add(this.value(depth + 1))
        return set
      }
      default:
        throw new BrokenDataError(`data of an unknown kind (${tag})`)
    }
  }

  #bigint(): bigint {
    const code = this.#varint()
    const digits = Math.floor(code / 2)
    if (digits === 0 || digits > this.left) throw new BrokenDataError('a bigint that is none')
    const hex = String.fromCharCode(...this.#bytes.subarray(this.#at, this.#at + Math.min(digits, 4096)))
    if (digits > 4096 || !/^[0-9a-f]+$/.test(hex)) throw new BrokenDataError('a bigint that is none')
    this.#at += digits
    const n = BigInt(`0x${hex}`)
    return code % 2 === 1 ? -n : n
  }

  #string(tag: number): string {
    if (tag === KNOWN_STRING) {
      const known = this.#strings[this.#varint()]
      if (known === undefined) throw new BrokenDataError('a string that was not written')
      return known
    }
    if (tag !== STRING) throw new BrokenDataError('something else than a string')
    let text = ''
    for (let left = this.#count(1); left > 0; left--) {
      const unit = this.#varint()
      if (unit > 0xffff) throw new BrokenDataError('a character that is none')
      text += String.fromCharCode(unit)
    }
    this.#strings.push(text)
    return text
  }

  #object(tag: number, depth: number): object {
    let keys: readonly string[] | undefined
    if (tag === OBJECT) {
      keys = Array.from({ length: this.#count(1) }, () => this.#string(this.#u8()))
      this.#shapes.push(keys)
    } else keys = this.#shapes[this.#varint()]
    if (keys === undefined) throw new BrokenDataError('an object whose keys were not written')
    if (keys.length > this.left) throw new BrokenDataError('an object that ends too early')
    const object: Record<string, unknown> = {}
    for (const key of keys) {
      const value = this.value(depth + 1)
      if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
      else object[key] = value
    }
    return object
  }
}

/** @throws TypeError when the value holds something else than plain data, or nests more than DEPTH_MAX deep. */
export function encodePlain(value: unknown): Uint8Array<ArrayBuffer> {
  const encoder = new Encoder()
  encoder.value(value, 0)
  return encoder.take()
}

/** @throws BrokenDataError when the bytes are not what `encodePlain` gives. */
export function decodePlain(bytes: Uint8Array): unknown {
  const decoder = new Decoder(bytes)
  const value = decoder.value(0)
  if (decoder.left !== 0) throw new BrokenDataError('more bytes than data')
  return value
}
