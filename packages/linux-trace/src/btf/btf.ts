/** The kernel's own description of its types (BTF), as `/sys/kernel/btf/vmlinux` holds it: where the members of its structures lie. */
import { RecordingError } from '../errors.ts'

const MAGIC = 0xeb9f
const HEADER_BYTES = 24
const TYPE_BYTES = 12
/** Types of one kernel at most, and what a path may pass through. */
const TYPES_MAX = 4_000_000
const DEPTH_MAX = 64
/** A structure of the kernel has some hundred members, those of unnamed ones within it included. */
const MEMBERS_MAX = 100_000

const kind = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const

/** Bytes that follow a type of a kind: so many, and so many for each of its members. */
const EXTRA: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  [kind.int]: [4, 0],
  [kind.pointer]: [0, 0],
  [kind.array]: [12, 0],
  [kind.struct]: [0, 12],
  [kind.union]: [0, 12],
  [kind.enum]: [0, 8],
  [kind.forward]: [0, 0],
  [kind.typedef]: [0, 0],
  [kind.volatile]: [0, 0],
  [kind.const]: [0, 0],
  [kind.restrict]: [0, 0],
  [kind.func]: [0, 0],
  [kind.funcProto]: [0, 8],
  [kind.var]: [4, 0],
  [kind.datasec]: [0, 12],
  [kind.float]: [0, 0],
  [kind.declTag]: [4, 0],
  [kind.typeTag]: [0, 0],
  [kind.enum64]: [0, 12],
}
const TRANSPARENT: ReadonlySet<number> = new Set([kind.typedef, kind.volatile, kind.const, kind.restrict, kind.typeTag])

/** Where a member lies in its structure, in bytes. */
export interface MemberPlace {
  readonly offset: number
  /** Size in bytes; null where the type has none. */
  readonly size: number | null
}

const broken = (at: number, what: string): RecordingError =>
  new RecordingError(
    `this is not the BTF of a kernel, or it is cut: at byte ${at}, ${what}; copy /sys/kernel/btf/vmlinux of the machine, as it is`,
  )

export class Btf {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #little: boolean
  readonly #typesAt: number
  readonly #stringsAt: number
  readonly #stringsEnd: number
  /** Where each type begins; the first is void. */
  readonly #types: Uint32Array
  #structs: Map<string, number> | null = null
  #functions: Map<string, number> | null = null
  /** Members looked at for the one that is asked for: unnamed structures can hold each other many times. */
  #looked = 0

  /** @throws RecordingError with the place when it is no BTF. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < HEADER_BYTES) throw broken(bytes.length, `it ends, where a header of ${HEADER_BYTES} bytes was expected`)
    const little = this.#view.getUint16(0, true) === MAGIC
    if (!little && this.#view.getUint16(0, false) !== MAGIC) throw broken(0, 'its magic number is missing')
    this.#little = little
    const headerBytes = this.#u32(4)
    const [typeOff, typeLen, strOff, strLen] = [8, 12, 16, 20].map((at) => this.#u32(at)) as [number, number, number, number]
    this.#typesAt = headerBytes + typeOff
    this.#stringsAt = headerBytes + strOff
    this.#stringsEnd = this.#stringsAt + strLen
    const typesEnd = this.#typesAt + typeLen
    if (headerBytes < HEADER_BYTES || typesEnd > bytes.length || this.#stringsEnd > bytes.length)
      throw broken(bytes.length, `it ends, where types up to byte ${typesEnd} and strings up to byte ${this.#stringsEnd} were announced`)
    this.#types = this.#index(typesEnd)
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little)
  }

  #index(end: number): Uint32Array {
    const places = [0]
    for (let at = this.#typesAt; at < end;) {
      if (at + TYPE_BYTES > end) throw broken(at, 'a type is cut')
      const info = this.#u32(at + 4)
      const extra = EXTRA[(info >>> 24) & 31]
      if (extra === undefined) throw broken(at, `a type is of the unknown kind ${(info >>> 24) & 31}`)
      const next = at + TYPE_BYTES + extra[0] + extra[1] * (info & 0xffff)
      if (next > end) throw broken(at, 'the members of a type go past the end of all types')
      if (places.length > TYPES_MAX) throw broken(at, `there are more than ${TYPES_MAX} types`)
      places.push(at)
      at = next
    }
    return Uint32Array.from(places)
  }

  #kind(id: number): number {
    return id === 0 ? 0 : (this.#u32(this.#types[id]! + 4) >>> 24) & 31
  }

  #name(offset: number): string {
    const from = this.#stringsAt + offset
    if (from >= this.#stringsEnd) return ''
    const end = this.#bytes.indexOf(0, from)
    return decoder.decode(this.#bytes.subarray(from, end < 0 || end > this.#stringsEnd ? this.#stringsEnd : end))
  }

  /** The type behind typedefs and qualifiers. @throws RecordingError when it does not end. */
  #resolve(id: number): number {
    for (let depth = 0; depth < DEPTH_MAX; depth++) {
      if (id >= this.#types.length) throw broken(0, `type ${id} is named, and there are ${this.#types.length - 1}`)
      if (!TRANSPARENT.has(this.#kind(id))) return id
      id = this.#u32(this.#types[id]! + 8)
    }
    throw broken(this.#types[id]!, 'a type stands for itself')
  }

  #sizeOf(id: number, depth = 0): number | null {
    if (depth > DEPTH_MAX) return null
    const type = this.#resolve(id)
    const at = this.#types[type]!
    switch (this.#kind(type)) {
      case kind.pointer:
        return 8
      case kind.int:
      case kind.struct:
      case kind.union:
      case kind.enum:
      case kind.enum64:
      case kind.float:
        return this.#u32(at + 8)
      case kind.array: {
        const each = this.#sizeOf(this.#u32(at + 12), depth + 1)
        return each === null ? null : each * this.#u32(at + 20)
      }
      default:
        return null
    }
  }

  #named(kinds: readonly number[]): Map<string, number> {
    const found = new Map<string, number>()
    for (let id = 1; id < this.#types.length; id++) {
      if (!kinds.includes(this.#kind(id))) continue
      const name = this.#name(this.#u32(this.#types[id]!))
      if (name !== '' && !found.has(name)) found.set(name, id)
    }
    return found
  }

  /** Where a member lies in a structure: `dev_pagemap.range.start`. Null when there is none of that path. @throws RecordingError */
  member(path: string): MemberPlace | null {
    const [struct, ...names] = path.split('.')
    this.#structs ??= this.#named([kind.struct, kind.union])
    let type = this.#structs.get(struct!)
    if (type === undefined) return null
    let bits = 0
    this.#looked = 0
    for (const name of names) {
      const found = this.#find(type, name, 0)
      if (found === null) return null
      bits += found.bits
      type = this.#resolve(found.type)
    }
    // A bit field has no address.
    return bits % 8 === 0 ? { offset: bits / 8, size: this.#sizeOf(type) } : null
  }

  /** Size of a structure in bytes; null when there is none of that name. */
  sizeOf(struct: string): number | null {
    return this.member(struct)?.size ?? null
  }

  /** A member of a structure, or of an unnamed one within it. */
  #find(type: number, name: string, depth: number): { readonly bits: number; readonly type: number } | null {
    const k = this.#kind(type)
    if (depth > DEPTH_MAX || (k !== kind.struct && k !== kind.union)) return null
    const at = this.#types[type]!
    const info = this.#u32(at + 4)
    const hasBitFields = info >>> 31 === 1
    for (let i = 0; i < (info & 0xffff); i++) {
      if (++this.#looked > MEMBERS_MAX) throw broken(at, `more than ${MEMBERS_MAX} members of unnamed structures within each other`)
      const member = at + TYPE_BYTES + i * 12
      const memberName = this.#name(this.#u32(member))
      const memberType = this.#u32(member + 4)
      const offset = this.#u32(member + 8)
      const bits = hasBitFields ? offset & 0xff_ffff : offset
      if (memberName === name) return hasBitFields && offset >>> 24 !== 0 ? null : { bits, type: memberType }
      if (memberName !== '') continue
      const inner = this.#find(this.#resolve(memberType), name, depth + 1)
      if (inner !== null) return { bits: bits + inner.bits, type: inner.type }
    }
    return null
  }

  /** The names of a function's parameters, in order; null when it is not described. */
  parameters(name: string): readonly string[] | null {
    this.#functions ??= this.#named([kind.func])
    const id = this.#functions.get(name)
    if (id === undefined) return null
    const proto = this.#resolve(this.#u32(this.#types[id]! + 8))
    if (this.#kind(proto) !== kind.funcProto) return null
    const at = this.#types[proto]!
    return Array.from({ length: this.#u32(at + 4) & 0xffff }, (_, i) => this.#name(this.#u32(at + TYPE_BYTES + i * 8)))
  }
}

const decoder = new TextDecoder()
