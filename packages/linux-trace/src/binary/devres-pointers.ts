/** What devres_log says where a file holds its operations and names as addresses only: a look at all records tells how each is used. */
import { bareSymbol } from '../probes.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { CpuRecords } from './cpu-records.ts'
import type { DatFile } from './dat-file.ts'
import { DevresRoles, type Clue, type DevresOp } from './devres-roles.ts'
import type { EventFormat } from './format.ts'
import type { Plan, RecordPlans } from './record-plans.ts'
import type { RecordReader } from './record-reader.ts'

const hex = (word: bigint | null): string => `0x${BigInt.asUintN(64, word ?? 0n).toString(16)}`

const CLUES: Readonly<Record<string, Clue>> = {
  devres_release_all: { kind: 'release-all' },
  __release_region: { kind: 'release-region' },
  devm_memremap_pages_release: { kind: 'pagemap-release' },
}

/** What is known of the clues that an event's records give. */
interface ClueKind {
  readonly enter: Clue | null
  readonly plan: Plan
  readonly symbol: string
}

export class DevresPointers {
  readonly #file: DatFile
  readonly #reader: RecordReader
  readonly #plans: RecordPlans
  readonly #roles = new DevresRoles()
  readonly #kinds = new Map<number, ClueKind | null>()
  #ops: ReadonlyMap<string, DevresOp> = new Map()
  #names: ReadonlyMap<string, string> = new Map()

  constructor(file: DatFile, reader: RecordReader, plans: RecordPlans) {
    this.#file = file
    this.#reader = reader
    this.#plans = plans
  }

  /** The format of devres_log, where it holds pointers whose meaning has to be found. */
  unclear(): EventFormat | null {
    const format = [...this.#file.formats.values()].find(({ name }) => name === 'devres_log')
    return format?.fields.get('op')?.place === 'here' ? format : null
  }

  /** Sees a record of an event, by a task. */
  see(id: number, pid: number, format: EventFormat, from: CpuRecords): void {
    const clue = id === format.id ? this.#devresClue(format, from) : this.#clue(id, from)
    if (clue !== null) this.#roles.see(pid, clue)
  }

  /** All records were seen. @returns what is to be noted of it */
  conclude(): string[] {
    const roles = this.#roles
    this.#ops = roles.ops()
    this.#names = roles.names(this.#ops)
    if (roles.count === 0) return []
    const known = [...this.#ops.values()].toSorted()
    return [
      `devres_log holds operations and names as addresses only: ${known.length === 0 ? 'no operation' : known.join(', ')} could be told by how ${known.length === 1 ? 'it is' : 'they are'} used${roles.count > known.length ? `, ${roles.count - known.length} could not, and each such entry is a gap` : ''}; the names of managed resources are not known`,
    ]
  }

  /** What an entry of devres_log says. */
  tell(format: EventFormat, from: CpuRecords): Pick<TraceEntry, 'event' | 'body' | 'role'> {
    const clue = this.#devresClue(format, from)
    const device = this.#reader.string(from, format, 'devname') ?? '?'
    if (clue === null) return { event: 'devres_log', body: device }
    const { op, name, node, size } = clue
    const body = `${device} ${this.#ops.get(op) ?? op} ${node} ${name} (${size} bytes)`
    const role = this.#names.get(name)
    return { event: 'devres_log', body, ...(role === undefined ? {} : { role }) }
  }

  #devresClue(format: EventFormat, from: CpuRecords): (Clue & { kind: 'devres' }) | null {
    const text = (name: string): string | null => {
      const field = format.fields.get(name)
      if (field === undefined) return null
      if (field.place !== 'here') return this.#reader.text(from, field)
      const address = hex(this.#reader.word(from, field))
      return this.#file.strings.get(address) ?? address
    }
    const op = text('op')
    const name = text('name')
    if (op === null || name === null) return null
    const node = hex(this.#reader.field(from, format, 'node'))
    return { kind: 'devres', op, node, name, size: Number(this.#reader.field(from, format, 'size') ?? 0n) }
  }

  #clue(id: number, from: CpuRecords): Clue | null {
    let kind = this.#kinds.get(id)
    if (kind === undefined) this.#kinds.set(id, (kind = this.#clueKind(id, from)))
    if (kind === null) return null
    const { enter, plan, symbol } = kind
    if (plan.probe!.returnedTo === null) return enter
    const ret = plan.probe!.fields[0]
    const value = ret === undefined ? null : this.#reader.word(from, ret.field)
    if (value === null) return null
    if (symbol === 'devres_release_all') return { kind: 'release-all-ended', count: Number(BigInt.asIntN(32, value)) }
    return value === 0n ? null : { kind: 'region-granted' }
  }

  #clueKind(id: number, from: CpuRecords): ClueKind | null {
    const plan = this.#plans.of(id)
    if (plan?.probe == null) return null
    const symbol = plan.symbol ?? bareSymbol(this.#file.symbols.name(BigInt.asUintN(64, this.#reader.word(from, plan.probe.ip) ?? 0n)))
    const isReturn = plan.probe.returnedTo !== null
    if (isReturn) return symbol === 'devres_release_all' || symbol === '__request_region' ? { enter: null, plan, symbol } : null
    const enter = CLUES[symbol]
    return enter === undefined ? null : { enter, plan, symbol }
  }
}
