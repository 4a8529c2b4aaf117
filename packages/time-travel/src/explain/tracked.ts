/** An expression about states, and where its paths lead at each moment. */
import { hostOf, type EventBlock, type Facts, type HostId, type Model } from '@devtrail/events'
import { deviceKeys, devicesNamed, NoSuchDeviceError } from '../devices.ts'
import { ExpressionError } from '../expression/error.ts'
import { evaluate, type Scope } from '../expression/evaluate.ts'
import { ENVELOPE } from '../expression/event-fields.ts'
import { NOTHING, UNKNOWN, type Found } from '../expression/found.ts'
import { countOf, isKnownList, type Lists } from '../expression/look-up.ts'
import type { Expression, Path, Step } from '../expression/syntax.ts'
import type { Truth } from '../expression/truth.ts'
import type { Host } from '../hosts/clocks.ts'
import type { Machine } from '../machine.ts'
import { ALIASES, spotOf, Touches, type Spot } from './touch.ts'
import { TouchScan } from './touch-scan.ts'
import { listsOf, valueAt } from './view-at.ts'

/** What bare names in an expression are fields of; null: of nothing, they have to say `device("…")`. */
export type DeviceName = string | null

/** What stands on the way to a path: the path itself, and whether the elements it goes through are sure. */
function spotsOf(path: Path, device: number | null): Spot[] {
  const spots: Spot[] = [spotOf(device, path)]
  const names: string[] = []
  for (const step of path.steps) {
    if (step.kind === 'field') names.push(step.name)
    else spots.push({ dotted: [...names, 'sure'].join('.'), device })
  }
  return spots
}

const isEmptyList = (value: unknown): boolean => isKnownList(value) && value.known.length === 0 && (value.possible ?? []).length === 0

/** Whether there is a value that is surely none of several. */
const isOneValue = (value: unknown): boolean =>
  value !== null && value !== false && value !== NOTHING && !Array.isArray(value) && !isKnownList(value)

/** A field that was looked for in something that was there, and never was. */
interface Missing {
  readonly step: Step & { kind: 'field' }
  readonly instead: readonly string[]
}

/**
 * Says what is so of states: of one, or, told of the events as they are folded, of each of them without looking where
 * nothing can have changed.
 */
export class Tracked implements Scope {
  readonly expression: Expression
  readonly #device: DeviceName
  readonly #overall: ReadonlySet<string>
  readonly #lists: Lists
  readonly #models: readonly Model[]
  readonly #facts: Facts
  readonly #seen = new Set<Step>()
  readonly #missing = new Map<Step, Missing>()
  /** The devices that each name means at the moment. */
  readonly #ids = new Map<string, readonly number[]>()
  /** Names that meant none yet. */
  readonly #unknown = new Set<string>()
  #machine: Machine
  readonly #names: Touches
  #scan: TouchScan

  /** @throws ExpressionError when it names a part that no model shows, or no device */
  constructor(expression: Expression, machine: Machine, device: DeviceName = null) {
    this.expression = expression
    this.#device = device
    this.#models = machine.models
    this.#facts = machine.facts
    this.#lists = listsOf(machine.models)
    this.#overall = new Set(machine.models.flatMap((m) => Object.keys(m.overall?.(m.initial(), machine.facts) ?? {})))
    this.#machine = machine
    for (const path of expression.paths) this.#mustMakeSense(path)
    this.#names = new Touches([{ dotted: ALIASES, device: null }], machine.models, machine.facts)
    this.#resolve()
    this.#scan = new TouchScan(this.#touches(), machine)
  }

  #mustMakeSense(path: Path): void {
    const [{ name, at }] = path.steps
    const { source } = this.expression
    const parts = this.#models.flatMap((m) => m.views?.parts ?? [])
    const isOpen = this.#models.some((m) => m.views === undefined)
    if (path.device === null && this.#overall.has(name)) {
      if (this.#machine.hosts().length === 1) return
      throw new ExpressionError(`of which host? "${name}" is of each of them; ask the log of one`, source, at)
    }
    if (!isOpen && !parts.includes(name)) {
      const ofEvents = ENVELOPE.has(name) ? ` ("${name}" is of events, which are asked for with events --where)` : ''
      throw new ExpressionError(`there is no "${name}"; there are ${[...parts, ...this.#overall].join(', ')}${ofEvents}`, source, at)
    }
    if (path.device === null && this.#device === null) {
      throw new ExpressionError(`of which device? Write device("NAME").${name}, or name one with --device`, source, at)
    }
  }

  #deviceOf(path: Path): { name: string; at: number } | null {
    if (path.device !== null) return path.device
    if (this.#overall.has(path.steps[0].name)) return null
    return { name: this.#device!, at: path.at }
  }

  /** Looks anew which devices the names mean. @returns whether they mean others. */
  #resolve(): boolean {
    let isChanged = false
    const devices = this.#machine.devices()
    for (const path of this.expression.paths) {
      const wanted = this.#deviceOf(path)
      if (wanted === null) continue
      const ids = devicesNamed(wanted.name, devices, (id) => this.#machine.aliases(id)).map((d) => d.id)
      const before = this.#ids.get(wanted.name)
      if (before?.length !== ids.length || ids.some((id, i) => before[i] !== id)) isChanged = true
      if (ids.length > 0) this.#unknown.delete(wanted.name)
      else if (before === undefined) this.#unknown.add(wanted.name)
      this.#ids.set(wanted.name, ids)
    }
    return isChanged
  }

  /** Which of several hosts matter: those that names begin with, and those whose devices the others mean at the moment. */
  hosts(all: readonly Host[]): ReadonlySet<HostId> {
    const matter = new Set<HostId>()
    for (const [name, ids] of this.#ids) {
      const said = all.find((host) => name.startsWith(`${host.name}:`))
      if (said !== undefined) matter.add(said.id)
      else for (const id of ids) matter.add(hostOf(id))
    }
    return matter
  }

  /** The devices that a path is about; null: the machine as a whole. */
  #idsOf(path: Path): readonly (number | null)[] {
    const wanted = this.#deviceOf(path)
    return wanted === null ? [null] : this.#ids.get(wanted.name)!
  }

  #touches(): Touches {
    const spots = this.expression.paths.flatMap((path) => this.#idsOf(path).flatMap((id) => spotsOf(path, id)))
    return new Touches([{ dotted: ALIASES, device: null }, ...spots], this.#models, this.#facts)
  }

  /** Whether after an event, just folded, something may be otherwise. */
  step(block: EventBlock, place: number): boolean {
    if (!this.#scan.at(block, place)) return false
    if (this.#names.canBe(block.types[block.type[place]!]!.name) && this.#resolve())
      this.#scan = new TouchScan(this.#touches(), this.#machine)
    return true
  }

  /** What is so of the machine as it is; of another one, when it is handed in. */
  truth(): Truth {
    return evaluate(this.expression, this)
  }

  /** Where a name means several devices, the one of which there is something to tell. @throws ExpressionError when that is more than one */
  find(path: Path): Found {
    return this.#find(path)
  }

  #find(path: Path, counted?: string): Found {
    const ids = this.#idsOf(path)
    const look = (id: number | null): Found => valueAt(this.#machine, id, path.steps, this.#lists, this.#onStep, counted)
    if (ids.length < 2) return ids.length === 0 ? UNKNOWN : look(ids[0]!)
    const found = ids.map(look)
    const told = found.filter(({ value }) => value !== null && value !== NOTHING && !isEmptyList(value))
    if (told.length > 1) this.#refuse(path, ids)
    return told[0] ?? found.find(({ value }) => value !== null) ?? UNKNOWN
  }

  #refuse(path: Path, ids: readonly (number | null)[]): never {
    const devices = this.#machine.devices()
    const keys = deviceKeys(devices)
    const several = ids.map((id) => keys.get(id!)).join(', ')
    const { name, at } = this.#deviceOf(path)!
    throw new ExpressionError(`"${name}" means several devices: ${several}`, this.expression.source, at)
  }

  count(path: Path): Found {
    const last = path.steps.findLast((s) => s.kind === 'field')!
    const list = this.#find(path, last.name)
    if (isOneValue(list.value)) throw new ExpressionError(`${last.name} is no list: count(…) takes one`, this.expression.source, last.at)
    return countOf(list, last.name, this.#lists)
  }

  readonly #onStep = (step: Step, isThere: boolean, instead: () => readonly string[]): void => {
    if (isThere) this.#seen.add(step)
    else if (step.kind === 'field' && !this.#missing.has(step)) this.#missing.set(step, { step, instead: instead() })
  }

  /**
   * @throws NoSuchDeviceError when a name never meant a device
   * @throws ExpressionError when a field was looked for in what was there, and never was: most likely it is misspelt
   */
  mustHaveFound(): void {
    for (const name of this.#unknown) {
      const keys = [...deviceKeys(this.#machine.devices().filter((d) => !d.bookkeeping)).values()]
      throw new NoSuchDeviceError(`no device ever went by the name "${name}"; there is ${keys.join(', ') || 'none'}`, keys)
    }
    for (const [step, { instead }] of this.#missing) {
      if (this.#seen.has(step)) continue
      const name = step.kind === 'field' ? step.name : ''
      throw new ExpressionError(`there was never a field "${name}" here; there are ${instead.join(', ')}`, this.expression.source, step.at)
    }
  }
}
