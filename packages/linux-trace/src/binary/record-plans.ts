/** How the records of each event are read: probes' hits that print numbers go to the columns. */
import type { BatchBuilder } from '../entries/batch.ts'
import { SLOTS_MAX } from '../entries/shape.ts'
import { hitShape, type ProbeDefinition } from '../probes.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { DatFile } from './dat-file.ts'
import type { EventFormat, FormatField } from './format.ts'
import { probePrint, type ProbePrint } from './probe-print.ts'
import type { RecordReader } from './record-reader.ts'

/** A shape of records by where they stand: halves of the address, and of that to which they return. */
interface KnownShape {
  readonly ipLow: number
  readonly ipHigh: number
  readonly toLow: number
  readonly toHigh: number
  readonly id: number
}

/** What is known of the records of one event. */
export interface Plan {
  readonly format: EventFormat
  readonly probe: ProbePrint | null
  /** Whether all it prints are numbers: it goes to the columns. */
  readonly isNumeric: boolean
  /** Whether its records are kept as they are. */
  readonly isWithoutEffect: boolean
  /** So long a record of a probe is at least. */
  readonly bytes: number
  /** The shapes of its records by where they stand. */
  readonly shapes: KnownShape[]
  readonly symbol: string | null
}

/** The last number an event can have. */
const ID_MAX = 0xffff
/** Shapes of one event at most; what comes at more places is read one by one. */
const SHAPES_MAX = 64

/** Where the record at hand stands: halves as signed words, which are no objects to the machine. */
const place = new Int32Array(4)

/** Whether entries of an event that is no probe's are looked at one by one. */
const isTold = ({ system, name }: EventFormat): boolean =>
  name === 'devres_log' || name === 'console' || (system === 'ftrace' && (name === 'print' || name === 'function'))

function bytesOf({ fields, returnedTo, ip }: ProbePrint): number {
  const { offset, size } = fields.at(-1)?.field ?? returnedTo ?? ip
  return offset + size
}

export class RecordPlans {
  readonly #file: DatFile
  readonly #definitions: ReadonlyMap<string, ProbeDefinition>
  readonly #out: BatchBuilder
  readonly #reader: RecordReader
  readonly #little: boolean
  /** By the events' numbers, which have 16 bits; as long as it is to become, for one that grows in leaps is a table to look up in. */
  readonly #plans: (Plan | null | undefined)[]

  constructor(file: DatFile, definitions: ReadonlyMap<string, ProbeDefinition>, out: BatchBuilder, reader: RecordReader) {
    this.#file = file
    this.#definitions = definitions
    this.#out = out
    this.#reader = reader
    this.#little = file.isLittleEndian
    this.#plans = Array.from({ length: 1 + file.formats.keys().reduce((most, id) => Math.min(ID_MAX, Math.max(most, id)), -1) })
  }

  /** Of the event with a number; null: it has no format. */
  of(id: number): Plan | null {
    const known = this.#plans[id]
    if (known !== undefined) return known
    const format = this.#file.formats.get(id)
    const probe = format === undefined ? null : probePrint(format)
    const plan: Plan | null =
      format === undefined
        ? null
        : {
            format,
            probe,
            isNumeric:
              probe !== null &&
              probe.fields.length <= SLOTS_MAX &&
              probe.fields.every(({ how, field }) => how !== 'string' && field.size <= 8),
            isWithoutEffect: probe === null && !isTold(format),
            bytes: probe === null ? 0 : bytesOf(probe),
            shapes: [],
            symbol: probe === null ? null : (this.#definitions.get(format.name)?.symbol ?? null),
          }
    if (id >= 0 && id < this.#plans.length) this.#plans[id] = plan
    return plan
  }

  /** The number of the record's shape; -1 where there are too many, or its probe cannot be read. */
  shapeOf(plan: Plan, from: CpuRecords): number {
    const probe = plan.probe!
    if (plan.bytes > from.length) return -1
    this.#place(from, probe.ip, 0)
    if (probe.returnedTo === null) place[2] = place[3] = 0
    else this.#place(from, probe.returnedTo, 2)
    const ipLow = place[0]!
    const ipHigh = place[1]!
    const toLow = place[2]!
    const toHigh = place[3]!
    const { shapes } = plan
    for (let i = 0; i < shapes.length; i++) {
      const known = shapes[i]!
      if (known.ipLow === ipLow && known.toLow === toLow && known.ipHigh === ipHigh && known.toHigh === toHigh) return known.id
    }
    if (plan.shapes.length >= SHAPES_MAX) return -1
    const shape = hitShape(plan.format.name, this.hitBody(plan, from), this.#definitions)
    if (shape === null) return -1
    const id = this.#out.addShape(shape)
    plan.shapes.push({ ipLow, ipHigh, toLow, toHigh, id })
    return id
  }

  /** Halves of an address in a record, the lower first. */
  #place(from: CpuRecords, field: FormatField, into: number): void {
    const { view, start } = from
    const at = start + field.offset
    const little = this.#little
    if (field.size === 8) {
      place[into] = view.getInt32(at + (little ? 0 : 4), little)
      place[into + 1] = view.getInt32(at + (little ? 4 : 0), little)
      return
    }
    const word = BigInt.asUintN(64, this.#reader.word(from, field) ?? 0n)
    place[into] = Number(word & 0xffff_ffffn)
    place[into + 1] = Number(word >> 32n)
  }

  /** Reads a hit's fields into the columns. @returns its form. */
  fields({ fields }: ProbePrint, { view, start }: CpuRecords): number {
    const little = this.#little
    let at = this.#out.reserve(fields.length)
    const { words } = this.#out
    let form = 0
    for (let i = 0; i < fields.length; i++) {
      const { field, how } = fields[i]!
      const place = start + field.offset
      let low: number
      let high: number
      if (field.size === 8) {
        low = view.getUint32(place + (little ? 0 : 4), little)
        high = view.getUint32(place + (little ? 4 : 0), little)
      } else {
        low =
          field.size === 4
            ? view.getInt32(place, little)
            : field.size === 2
              ? field.signed
                ? view.getInt16(place, little)
                : view.getUint16(place, little)
              : field.signed
                ? view.getInt8(place)
                : view.getUint8(place)
        high = field.signed && low < 0 && how === 'decimal' ? -1 : 0
      }
      if (how === 'hex') form |= 1 << i
      else if (field.signed && high >>> 31 === 1) form |= 1 << (16 + i)
      words[at++] = low
      words[at++] = high
    }
    return form >>> 0
  }

  /** A probe's record as tracefs prints it. */
  hitBody({ probe }: Plan, from: CpuRecords): string {
    const { symbols } = this.#file
    const { ip, returnedTo, fields } = probe!
    const at = BigInt.asUintN(64, this.#reader.word(from, ip) ?? 0n)
    const where =
      returnedTo === null
        ? symbols.place(at)
        : `${symbols.place(BigInt.asUintN(64, this.#reader.word(from, returnedTo) ?? 0n))} <- ${symbols.name(at)}`
    const values = fields.map(({ name, field, how }) => {
      if (how === 'string') {
        const text = this.#reader.text(from, field)
        return text === null || text === '(fault)' ? `${name}=(fault)` : `${name}="${text}"`
      }
      const word = this.#reader.word(from, field) ?? 0n
      return `${name}=${how === 'hex' ? `0x${BigInt.asUintN(field.size * 8, word).toString(16)}` : word}`
    })
    return [`(${where})`, ...values].join(' ')
  }
}
