/**
 * What the blocks of one segment refer to by number, from 1: strings, actors (a pid and a command) and event types as
 * they were declared when they were written. Each block carries what it adds, so any beginning of a segment can be read.
 */
import { pointerOf, type Actor, type EventDeclaration, type Field, type FieldKind } from '@devtrail/events'
import { LogUsageError } from '../errors.ts'
import { BrokenBlockError, ByteWriter, type ByteReader } from './bytes.ts'
import { PointerTable } from './pointer-table.ts'

/** Entries of each kind in one segment at most. */
export const DICTIONARY_ENTRIES_MAX = 1 << 20
/** Fields of one event type, and values of one enum, at most. */
const FIELDS_MAX = 4096

/** The number of each field kind in the format. */
export const kindCodes: Readonly<Record<FieldKind, number>> = {
  device: 1,
  pagemap: 2,
  region: 3,
  managed: 4,
  pointer: 5,
  string: 6,
  text: 7,
  u64: 8,
  pfn: 9,
  bytes: 10,
  count: 11,
  int: 12,
  pid: 13,
  cpu: 14,
  errno: 15,
  bool: 16,
  flags: 17,
  time: 18,
  enum: 19,
  host: 20,
}
const kindOfCode = new Map(Object.entries(kindCodes).map(([kind, code]) => [code, kind as FieldKind]))
const OPTIONAL = 0x80

/** An event type as a segment declares it. */
export interface StoredType {
  readonly name: string
  readonly version: number
  readonly fields: readonly { readonly name: string; readonly field: Field }[]
}

function addition(out: ByteWriter, total: number, added: number, bytes: ByteWriter): void {
  out.varint(total - added)
  out.varint(added)
  if (added === 0) return
  out.raw(bytes.written())
  bytes.clear()
}

/** The writing side. */
export class DictionaryWriter {
  readonly #strings = new Map<string, number>()
  readonly #pointers = new PointerTable()
  readonly #actors = new Map<string, Map<number, number>>()
  readonly #types = new Map<string, number>()
  readonly #declared: { readonly name: string; readonly declaration: Pick<EventDeclaration, 'version' | 'fields'> }[] = []
  readonly #newStrings = new ByteWriter(1024)
  readonly #newActors = new ByteWriter(64)
  readonly #newTypes = new ByteWriter(1024)
  #actorCount = 0
  #fieldCount = 0
  readonly #added = { strings: 0, actors: 0, types: 0 }
  /** Bytes of all strings. */
  bytes = 0

  /** Entries of the fullest kind; fields and values of all event types count as one. */
  get size(): number {
    return Math.max(this.#strings.size, this.#actorCount, this.#fieldCount)
  }

  string(text: string): number {
    let id = this.#strings.get(text)
    if (id !== undefined) return id
    id = this.#strings.size + 1
    this.#strings.set(text, id)
    const before = this.#newStrings.length
    this.#newStrings.string(text)
    this.bytes += this.#newStrings.length - before
    this.#added.strings++
    return id
  }

  /** The number of a pointer's text, which is made only where it is not known by its halves. */
  pointer(high: number, low: number): number {
    const known = this.#pointers.find(high, low)
    return known > 0 ? known : this.#pointers.add(high, low, this.string(pointerOf(high, low)))
  }

  actor({ pid, comm }: Actor): number {
    let ofComm = this.#actors.get(comm)
    if (ofComm === undefined) this.#actors.set(comm, (ofComm = new Map()))
    let id = ofComm.get(pid)
    if (id !== undefined) return id
    id = ++this.#actorCount
    ofComm.set(pid, id)
    this.#newActors.signed(pid)
    this.#newActors.varint(this.string(comm))
    this.#added.actors++
    return id
  }

  /**
   * The number of a type as it is declared: the same name with other fields, in a segment gone on with later, is another.
   * @throws LogUsageError `unsupported` when it has more fields or values than can be stored.
   */
  type(name: string, declaration: Pick<EventDeclaration, 'version' | 'fields'>): number {
    const key = JSON.stringify([
      name,
      declaration.version,
      Object.entries(declaration.fields).map(([field, { kind, optional, values }]) => [field, kind, optional === true, values]),
    ])
    let id = this.#types.get(key)
    if (id !== undefined) return id
    const fields = Object.entries(declaration.fields)
    if (fields.length > FIELDS_MAX || fields.some(([, { values }]) => values !== undefined && values.length > FIELDS_MAX)) {
      throw new LogUsageError('unsupported', `${name} has more than ${FIELDS_MAX} fields, or a field with more than ${FIELDS_MAX} values`)
    }
    id = this.#types.size + 1
    this.#types.set(key, id)
    this.#declared.push({ name, declaration })
    this.#fieldCount += fields.reduce((sum, [, { values }]) => sum + 1 + (values?.length ?? 0), 0)
    const out = this.#newTypes
    out.varint(this.string(name))
    out.varint(declaration.version)
    out.varint(fields.length)
    for (const [field, { kind, optional, values }] of fields) {
      out.varint(this.string(field))
      out.u8(kindCodes[kind] | (optional ? OPTIONAL : 0))
      if (kind !== 'enum') continue
      out.varint(values!.length)
      for (const value of values!) out.varint(this.string(value))
    }
    this.#added.types++
    return id
  }

  /** Writes what came in since the last call. */
  takeAdditions(out: ByteWriter): void {
    const added = this.#added
    addition(out, this.#strings.size, added.strings, this.#newStrings)
    addition(out, this.#actorCount, added.actors, this.#newActors)
    addition(out, this.#types.size, added.types, this.#newTypes)
    added.strings = added.actors = added.types = 0
  }

  /** Writes everything, as one addition to nothing. */
  writeAll(out: ByteWriter): void {
    const copy = new DictionaryWriter()
    const names = [...this.#strings.keys()]
    for (const text of names) copy.string(text)
    const actors: Actor[] = []
    for (const [comm, ofComm] of this.#actors) for (const [pid, id] of ofComm) actors[id - 1] = { pid, comm }
    for (const actor of actors) copy.actor(actor)
    for (const { name, declaration } of this.#declared) copy.type(name, declaration)
    copy.takeAdditions(out)
  }

  /** A writer that goes on where a segment's dictionary ends. */
  static of(dictionary: Dictionary): DictionaryWriter {
    const writer = new DictionaryWriter()
    for (const text of dictionary.strings.slice(1)) writer.string(text!)
    for (const actor of dictionary.actors.slice(1)) writer.actor(actor!)
    for (const type of dictionary.types.slice(1)) {
      writer.type(type!.name, { version: type!.version, fields: Object.fromEntries(type!.fields.map(({ name, field }) => [name, field])) })
    }
    writer.takeAdditions(new ByteWriter())
    return writer
  }
}

/** The same string as the engine keeps for a name in code: comparing those two is comparing pointers. */
function asInCode(text: string): string {
  return Object.keys({ [text]: 0 })[0]!
}

function grow(list: unknown[], base: number, what: string): void {
  if (base + 1 < list.length) return
  if (base > DICTIONARY_ENTRIES_MAX) throw new BrokenBlockError(`${base} ${what}`)
  while (list.length <= base) list.push(undefined)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

/** The reading side. An entry that a damaged block held is undefined. */
export class Dictionary {
  readonly strings: (string | undefined)[] = [undefined]
  readonly actors: (Actor | undefined)[] = [undefined]
  readonly types: (StoredType | undefined)[] = [undefined]
  /** Fields and values of all event types. */
  #fieldCount = 0

  /** Whether no entry is missing. */
  get whole(): boolean {
    return [this.strings, this.actors, this.types].every((list) => !list.includes(undefined, 1))
  }

  string(id: number): string {
    const text = this.strings[id]
    if (text === undefined) throw new BrokenBlockError(`a string (number ${id}) that no readable block holds`)
    return text
  }

  /** Takes in what a block adds. Reading the same block twice changes nothing, and no block changes what another added. @throws BrokenBlockError. */
  add(input: ByteReader): void {
    this.#add(input, this.strings, 1, 'strings', () => input.string())
    this.#add(input, this.actors, 2, 'actors', () => Object.freeze({ pid: input.signed(), comm: this.string(input.varint()) }))
    const count = ({ fields }: StoredType): void => {
      for (const { field } of fields) this.#fieldCount += 1 + (field.values?.length ?? 0)
      if (this.#fieldCount > DICTIONARY_ENTRIES_MAX) throw new BrokenBlockError(`${this.#fieldCount} fields and values`)
    }
    this.#add(input, this.types, 3, 'event types', () => this.#type(input), count)
  }

  #add<T>(
    input: ByteReader,
    list: (T | undefined)[],
    bytesEach: number,
    what: string,
    read: () => T,
    keep: (entry: T) => void = () => {},
  ): void {
    const base = input.varint()
    const added = input.count(DICTIONARY_ENTRIES_MAX, bytesEach, what)
    if (base + added > DICTIONARY_ENTRIES_MAX) throw new BrokenBlockError(`${base + added} ${what}`)
    if (added === 0) return
    grow(list, base, what)
    for (let id = base + 1; id <= base + added; id++) {
      const entry = read()
      const known = list[id]
      if (known === undefined) {
        list[id] = entry
        keep(entry)
      } else if (!isSame(known, entry)) throw new BrokenBlockError(`another entry for number ${id} of the ${what}`)
    }
  }

  #type(input: ByteReader): StoredType {
    const name = asInCode(this.string(input.varint()))
    const version = input.varint()
    const fields: { name: string; field: Field }[] = []
    for (let left = input.count(FIELDS_MAX, 2, 'fields'); left > 0; left--) {
      const fieldName = asInCode(this.string(input.varint()))
      const code = input.u8()
      const kind = kindOfCode.get(code & ~OPTIONAL)
      if (kind === undefined) throw new BrokenBlockError(`field kind ${code & ~OPTIONAL}`)
      const field: { kind: FieldKind; doc: string; optional?: true; values?: string[] } = { kind, doc: '' }
      if (code & OPTIONAL) field.optional = true
      if (kind === 'enum') {
        field.values = Array.from({ length: input.count(FIELDS_MAX, 1, 'values') }, () => asInCode(this.string(input.varint())))
        if (field.values.length === 0) throw new BrokenBlockError('an enum without values')
      }
      fields.push({ name: fieldName, field })
    }
    return { name, version, fields }
  }
}
