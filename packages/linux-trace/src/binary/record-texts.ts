/** What records say that are looked at one by one. */
import type { TraceEntry } from '../text/entry.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { DatFile } from './dat-file.ts'
import type { DevresPointers } from './devres-pointers.ts'
import type { EventFormat } from './format.ts'
import type { Plan, RecordPlans } from './record-plans.ts'
import type { RecordReader } from './record-reader.ts'

const decoder = new TextDecoder()

/** Without the line break that ends it. */
const trimmed = (text: string): string => (text.endsWith('\n') ? text.slice(0, -1) : text)

export class RecordTexts {
  readonly #file: DatFile
  readonly #reader: RecordReader
  readonly #plans: RecordPlans
  readonly #devres: DevresPointers

  constructor(file: DatFile, reader: RecordReader, plans: RecordPlans, devres: DevresPointers) {
    this.#file = file
    this.#reader = reader
    this.#plans = plans
    this.#devres = devres
  }

  /** What entries that are looked at one by one say; null for those without effect. */
  tell(plan: Plan, from: CpuRecords): Pick<TraceEntry, 'event' | 'body' | 'role'> | null {
    const { format, probe } = plan
    if (probe !== null) return { event: format.name, body: this.#plans.hitBody(plan, from) }
    if (format.name === 'devres_log') return this.#devres.tell(format, from)
    const { symbols } = this.#file
    const word = (name: string): bigint => BigInt.asUintN(64, this.#reader.field(from, format, name) ?? 0n)
    if (format.system === 'ftrace') {
      if (format.name === 'print') return { event: symbols.name(word('ip')), body: trimmed(this.#rest(from, format, 'buf')) }
      if (format.name === 'function') return { event: 'function', body: `${symbols.name(word('ip'))} <-${symbols.name(word('parent_ip'))}` }
    }
    if (format.name === 'console') {
      const text = this.#reader.string(from, format, 'msg')
      return { event: 'console', body: trimmed(text ?? '') }
    }
    return null
  }

  /** A string that fills the record from a field on. */
  #rest({ bytes, start, length }: CpuRecords, { fields }: EventFormat, name: string): string {
    const offset = fields.get(name)?.offset ?? length
    const part = bytes.subarray(start + Math.min(offset, length), start + length)
    const end = part.indexOf(0)
    return decoder.decode(end < 0 ? part : part.subarray(0, end))
  }
}
