import { Ids, type Actor, type AnyEvent, type Payload, logCatalogue } from '@devtrail/events'
import { evolveDevres, initialDevres, type DevresPayload, type DevresState } from '@devtrail/devres'
import { evolveMemremap, initialMemremap, type MemremapPayload, type MemremapState } from '@devtrail/memremap'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemPayload, type NvdimmPmemState } from '@devtrail/nvdimm-pmem'
import { evolveResourceTree, initialResourceTree, type ResourceTreePayload, type ResourceTreeState } from '@devtrail/resource-tree'
import type { KernelPayload } from '../events.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { ProbeDefinition } from '../probes.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { Coverage } from '../coverage.ts'
import { pointerText } from '../entries/pointer-text.ts'
import { popFrame, TaskTable, type Task } from './tasks.ts'
import type { Frame } from './frame.ts'
import { Glance } from './glance.ts'
import { Memmap } from './memmap.ts'
import type { DeviceMemory } from './page-span.ts'
import type { Window } from './window.ts'

type AnyPayload = DevresPayload | MemremapPayload | NvdimmPmemPayload | ResourceTreePayload | KernelPayload | Payload<typeof logCatalogue>
type PayloadOf<T extends AnyPayload['type']> = Extract<AnyPayload, { type: T }>

/** Why entries are missing at a place: what was under way there may have ended. */
export type GapReason = 'overwritten' | 'lost' | 'cut' | 'unreadable'

/** What an event is said with, beyond what the current entry gives. */
export interface Told {
  readonly device?: number | null
  readonly cause?: readonly number[]
  readonly inferred?: true
}

/** The states of the models that an import folds, by their names. */
export interface ModelStates {
  readonly devres: DevresState
  readonly 'resource-tree': ResourceTreeState
  readonly memremap: MemremapState
  readonly 'nvdimm-pmem': NvdimmPmemState
}

const initialStates = (): ModelStates => ({
  devres: initialDevres(),
  'resource-tree': initialResourceTree(),
  memremap: initialMemremap(),
  'nvdimm-pmem': initialNvdimmPmem(),
})

type Evolve = (event: AnyEvent) => void

const NOTHING_TOLD: Told = {}
const NO_CAUSE: readonly number[] = []

/** What is the same of all events of a type. */
interface EventKind {
  /** Whether they have a field `device`. */
  readonly ofDevice: boolean
  /** Folds them: the model that declares them; all models, where every model's is meant. */
  readonly evolvers: readonly Evolve[]
}

function deviceIn(data: object): number | null {
  const { device } = data as { device?: unknown }
  return typeof device === 'number' ? device : null
}

/**
 * What all parts of an import share: the entry at hand, the tasks, the models' states as folded so far, and the one
 * place through which events are said.
 */
export class ImportContext {
  readonly ids = new Ids()
  readonly tasks = new TaskTable()
  readonly memmap = new Memmap()
  readonly devres: DevresState
  readonly tree: ResourceTreeState
  readonly memremap: MemremapState
  readonly nvdimm: NvdimmPmemState
  readonly window: Window
  readonly probes: ReadonlyMap<string, ProbeDefinition>
  /** Of the kernel, 6.1 as 6001; null when not known. */
  version: number | null = null
  /** The newest gap; 0 when nothing is missing so far. */
  lastGap = 0
  task!: Task
  #entry: TraceEntry | null = null
  #where: string | null = null
  #time = 0
  #entryNumber: number | null = null
  #seq = 0
  /** A page that was looked up through each pagemap. */
  readonly lookedUp = new Map<number, number>()
  /** Pagemaps seen to have compound pages: how many pages one spans at least. */
  readonly compounds = new Map<number, number>()
  /** Of the namespaces that the baseline listed, the memory that has a pagemap. */
  deviceMemoryAtStart: readonly DeviceMemory[] = []
  readonly coverage: Coverage
  #devresSeen = false
  /** Devices of which it cannot be told whether the entry at hand meant them. */
  readonly doubted = new Set<number>()
  /** The namespaces that the baseline listed, by name. */
  readonly namespaces = new Map<string, number>()
  readonly #unmaps = new Map<number, number>()
  readonly #sink: (event: AnyEvent) => void
  readonly #models: readonly (readonly [name: string, Evolve])[] = [
    ['devres', (e) => evolveDevres(this.devres, e)],
    ['resource-tree', (e) => evolveResourceTree(this.tree, e)],
    ['memremap', (e) => evolveMemremap(this.memremap, e)],
    ['nvdimm-pmem', (e) => evolveNvdimmPmem(this.nvdimm, e)],
  ]
  readonly #kinds = new Map<string, EventKind>()
  #actor!: Actor
  /** What nearly all events are said with. */
  readonly #glance = new Glance()

  constructor(
    window: Window,
    probes: ReadonlyMap<string, ProbeDefinition>,
    coverage: Coverage,
    sink: (event: AnyEvent) => void,
    states: ModelStates = initialStates(),
  ) {
    this.devres = states.devres
    this.tree = states['resource-tree']
    this.memremap = states.memremap
    this.nvdimm = states['nvdimm-pmem']
    this.window = window
    this.probes = probes
    this.coverage = coverage
    this.#sink = sink
  }

  /** The number of the newest event: as many were said, the baseline's not counted. */
  get seq(): number {
    return this.#seq
  }

  get entry(): TraceEntry {
    if (this.#entry === null) throw new Error('no entry is at hand')
    return this.#entry
  }

  /** Turns to an entry. */
  turnTo(entry: TraceEntry, hit: ProbeHit | null): void {
    this.#entry = entry
    this.#entryNumber = entry.number
    this.#where = hit?.where ?? null
    this.#time = entry.time
    this.task = this.tasks.of(entry.pid, entry.cpu, entry.comm)
    this.task.quick.settle(this.task.frames, pointerText)
    const actor = this.#actor
    if (actor === undefined || actor.pid !== entry.pid || actor.comm !== entry.comm) this.#actor = { pid: entry.pid, comm: entry.comm }
  }

  /** Numbers an event that is said elsewhere, in numbers. */
  nextSeq(): number {
    return ++this.#seq
  }

  /**
   * Leaves the entries: what is said from here on comes from elsewhere (the baseline, a gap, the end, dmesg).
   * `before`: the number of the entry that comes next, of a gap between entries.
   */
  leave(time: number, before: number | null = null): void {
    this.#entry = null
    this.#entryNumber = before
    this.#where = null
    this.#time = time
  }

  /** Says an event of the baseline: sequence number 0, no entry. */
  found<T extends AnyPayload['type']>(type: T, data: PayloadOf<T>['data']): void {
    this.#deliver(this.#kindOf(type, data), {
      seq: 0,
      entry: null,
      time: this.#time,
      device: null,
      cpu: null,
      actor: null,
      cause: [],
      type,
      data,
    })
  }

  /** Says an event; by default caused by the innermost call its task is in. Returns its sequence number. */
  say<T extends AnyPayload['type']>(type: T, data: PayloadOf<T>['data'], told: Told = NOTHING_TOLD): number {
    const entry = this.#entry
    const seq = ++this.#seq
    const kind = this.#kinds.get(type) ?? this.#kindOf(type, data)
    const device = told.device ?? (kind.ofDevice ? deviceIn(data) : null)
    if (entry === null || this.#where === null || entry.context === '' || told.inferred === true)
      this.#sayOdd(kind, type, data, told, device)
    else {
      const event = this.#glance
      event.seq = seq
      event.entry = entry.number
      event.time = entry.time
      event.device = device
      event.cpu = entry.cpu
      event.actor = this.#actor
      event.cause = told.cause ?? this.#caller()
      event.context = entry.context
      event.source = entry.event
      event.where = this.#where
      event.type = type
      event.data = data
      this.#deliver(kind, event)
    }
    return seq
  }

  #sayOdd(kind: EventKind, type: string, data: object, told: Told, device: number | null): void {
    const entry = this.#entry
    this.#deliver(kind, {
      seq: this.#seq,
      entry: this.#entryNumber,
      time: this.#time,
      device,
      cpu: entry?.cpu ?? null,
      actor: entry === null ? null : this.#actor,
      cause: told.cause ?? (entry === null ? [] : this.#caller()),
      ...(entry !== null && entry.context !== '' ? { context: entry.context } : {}),
      ...(entry === null ? {} : { source: entry.event }),
      ...(this.#where === null ? {} : { where: this.#where }),
      ...(told.inferred ? { inferred: true as const } : {}),
      type,
      data: data as AnyEvent['data'],
    })
  }

  /** The innermost call that the task at hand is in, as a cause. */
  #caller(): readonly number[] {
    const { frames } = this.task
    return frames.length === 0 ? NO_CAUSE : frames[frames.length - 1]!.cause
  }

  #deliver({ evolvers }: EventKind, event: AnyEvent): void {
    for (let i = 0; i < evolvers.length; i++) evolvers[i]!(event)
    const { type } = event
    if (type === 'memremap/looked-up') {
      const { pagemap, pfn } = event.data
      if (typeof pagemap === 'number' && typeof pfn === 'number') this.lookedUp.set(pagemap, pfn)
    } else if (type === 'memremap/unmap-started') this.#unmaps.set(event.data['pagemap'] as number, event.seq)
    this.#sink(event)
  }

  #kindOf(type: string, data: object): EventKind {
    const name = type.slice(0, type.indexOf('/'))
    const evolvers = this.#models.filter(([model]) => name === 'log' || model === name).map(([, evolve]) => evolve)
    const kind = { ofDevice: Object.hasOwn(data, 'device'), evolvers }
    this.#kinds.set(type, kind)
    return kind
  }

  /** Says of which devices the entry just told may or may not have been about. */
  sayDoubts(): void {
    if (this.doubted.size === 0) return
    for (const device of this.doubted) this.say('devres/device-doubted', { device }, { inferred: true })
    this.doubted.clear()
  }

  /** Whether it cannot be told that what the task at hand does is done to this device. */
  isDoubtful(device: number): boolean {
    return this.doubted.has(device) || this.task.frames.some((f) => f.device === device && f.doubtful)
  }

  /** Enters a call. */
  enter(hit: ProbeHit, seq: number, device: number | null, data: { readonly [key: string]: unknown } = {}): void {
    const cause = seq === 0 ? NO_CAUSE : [seq]
    this.task.frames.push({ symbol: hit.symbol, seq, cause, device, data, doubtful: device !== null && this.isDoubtful(device) })
  }

  /** Leaves a call; null when it was entered unseen. */
  leaveCall(hit: ProbeHit): Frame | null {
    const frame = popFrame(this.task, hit.symbol)
    if (frame?.doubtful) this.doubted.add(frame.device!)
    return frame
  }

  /** A call returned that was entered before the recording or in a gap: all that can be said of it. */
  unpaired(hit: ProbeHit): void {
    const ret = hit.fields.get('ret') ?? null
    this.say('kernel/returned', { function: hit.symbol, caller: hit.caller, ret })
  }

  /** Whether the recording tells what is added to a device's list and released from it, one by one. */
  get devresListed(): boolean {
    if (this.#devresSeen) return true
    for (const e of this.window.ahead()) if (e.event === 'devres_log') return (this.#devresSeen = true)
    return false
  }

  /** Whether entries are missing somewhere before here. */
  get gapSeen(): boolean {
    return this.lastGap > 0
  }

  /** The innermost device that the task at hand is busy with. */
  get busyWith(): number | null {
    return this.task.frames.findLast((f) => f.device !== null)?.device ?? null
  }

  /** The event with which a pagemap began to be taken down. */
  unmapSeq(pagemap: number | null): number | null {
    return pagemap === null ? null : (this.#unmaps.get(pagemap) ?? null)
  }

  /** Entries of another CPU may be missing here: tasks are where they were, but nothing else is sure. */
  doubt(cpu: number | null, reason: 'overwritten' | 'unreadable' | 'unrecorded' = 'overwritten', model: string | null = null): void {
    this.say('log/gap', { reason, lost: null, cpu, model }, { cause: [] })
    // Entries of another CPU may be missing here as they are in a gap; the calls of the tasks that are seen go on. Which device an
    // entry means is told by what drivers did before.
    if (reason === 'overwritten' || model === 'devres') this.lastGap = this.#seq
  }

  /** Entries are missing here: nothing that was under way can be relied on. */
  gap(reason: GapReason, lost: number | null, cpu: number | null): void {
    this.say('log/gap', { reason, lost, cpu, model: null }, { cause: [] })
    this.lastGap = this.#seq
    this.tasks.forget()
  }
}
