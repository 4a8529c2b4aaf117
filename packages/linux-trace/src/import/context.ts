import { Ids, type AnyEvent, type Payload, logCatalogue } from '@devtrail/events'
import { evolveDevres, initialDevres, type DevresPayload } from '@devtrail/devres'
import { evolveMemremap, initialMemremap, type MemremapPayload } from '@devtrail/memremap'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemPayload } from '@devtrail/nvdimm-pmem'
import { evolveResourceTree, initialResourceTree, type ResourceTreePayload } from '@devtrail/resource-tree'
import type { KernelPayload } from '../events.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { ProbeDefinition, ProbeHit } from '../probes.ts'
import type { Coverage } from '../coverage.ts'
import { popFrame, TaskTable, type Frame, type Task } from './tasks.ts'
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

function deviceIn(data: object): number | null {
  const device = (data as { device?: unknown }).device
  return typeof device === 'number' ? device : null
}

/** Size of struct page on x86-64: how a pointer into the memmap becomes a pfn. */
const STRUCT_PAGE_BYTES = 64n
/** Pfns of 52-bit physical addresses end here. */
const PFN_MAX = 1n << 40n

/**
 * What all parts of an import share: the entry at hand, the tasks, the models' states as folded so far, and the one
 * place through which events are said.
 */
export class ImportContext {
  readonly ids = new Ids()
  readonly tasks = new TaskTable()
  readonly devres = initialDevres()
  readonly tree = initialResourceTree()
  readonly memremap = initialMemremap()
  readonly nvdimm = initialNvdimmPmem()
  readonly window: Window
  readonly probes: ReadonlyMap<string, ProbeDefinition>
  /** Base of the kernel's memmap, once a probe fetched it. */
  vmemmap: bigint | null = null
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
  readonly coverage: Coverage
  #devresSeen = false
  /** Devices of which it cannot be told whether the entry at hand meant them. */
  readonly doubted = new Set<number>()
  /** The namespaces that the baseline listed, by name. */
  readonly namespaces = new Map<string, number>()
  readonly #unmaps = new Map<number, number>()
  readonly #sink: (event: AnyEvent) => void

  constructor(window: Window, probes: ReadonlyMap<string, ProbeDefinition>, coverage: Coverage, sink: (event: AnyEvent) => void) {
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
    this.task = this.tasks.of(entry)
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
    this.#deliver({
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
  say<T extends AnyPayload['type']>(type: T, data: PayloadOf<T>['data'], told: Told = {}): number {
    const entry = this.#entry
    const frame = entry === null ? undefined : this.task.frames.at(-1)
    const seq = ++this.#seq
    this.#deliver({
      seq,
      entry: this.#entryNumber,
      time: this.#time,
      device: told.device ?? deviceIn(data),
      cpu: entry?.cpu ?? null,
      actor: entry === null ? null : { pid: entry.pid, comm: entry.comm },
      cause: told.cause ?? (frame === undefined || frame.seq === 0 ? [] : [frame.seq]),
      ...(entry !== null && entry.context !== '' ? { context: entry.context } : {}),
      ...(entry === null ? {} : { source: entry.event }),
      ...(this.#where === null ? {} : { where: this.#where }),
      ...(told.inferred ? { inferred: true as const } : {}),
      type,
      data,
    })
    return seq
  }

  #deliver(event: AnyEvent): void {
    if (event.type === 'memremap/looked-up' && typeof event.data['pagemap'] === 'number' && typeof event.data['pfn'] === 'number') {
      this.lookedUp.set(event.data['pagemap'], event.data['pfn'])
    }
    if (event.type === 'memremap/unmap-started') this.#unmaps.set(event.data['pagemap'] as number, event.seq)
    evolveDevres(this.devres, event)
    evolveResourceTree(this.tree, event)
    evolveMemremap(this.memremap, event)
    evolveNvdimmPmem(this.nvdimm, event)
    this.#sink(event)
  }

  /** Says of which devices the entry just told may or may not have been about. */
  sayDoubts(): void {
    for (const device of this.doubted) this.say('devres/device-doubted', { device }, { inferred: true })
    this.doubted.clear()
  }

  /** Whether it cannot be told that what the task at hand does is done to this device. */
  isDoubtful(device: number): boolean {
    return this.doubted.has(device) || this.task.frames.some((f) => f.device === device && f.doubtful)
  }

  /** Takes the memmap's base from a page whose pfn is known, where no probe fetches it. */
  learnBase(page: string, pfn: number): void {
    this.vmemmap ??= BigInt(page) - BigInt(pfn) * STRUCT_PAGE_BYTES
  }

  /** Enters a call. */
  enter(hit: ProbeHit, seq: number, device: number | null, data: { readonly [key: string]: unknown } = {}): void {
    this.task.frames.push({ symbol: hit.symbol, seq, hit, device, data, doubtful: device !== null && this.isDoubtful(device) })
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

  /** The pfn of a struct page pointer, by the base a probe fetched with it or before; null when not known. */
  pfnOf(page: string | null, vmemmap: bigint | null): number | null {
    if (vmemmap !== null && vmemmap !== 0n) this.vmemmap = vmemmap
    const base = vmemmap ?? this.vmemmap
    if (page === null || base === null) return null
    const offset = BigInt(page) - base
    if (offset < 0n || offset / STRUCT_PAGE_BYTES >= PFN_MAX) return null
    return Number(offset / STRUCT_PAGE_BYTES)
  }

  /** Entries of another CPU may be missing here: tasks are where they were, but nothing else is sure. */
  doubt(cpu: number | null, reason: 'overwritten' | 'unreadable' | 'unrecorded' = 'overwritten', model: string | null = null): void {
    this.say('log/gap', { reason, lost: null, cpu, model }, { cause: [] })
  }

  /** Entries are missing here: nothing that was under way can be relied on. */
  gap(reason: GapReason, lost: number | null, cpu: number | null): void {
    this.say('log/gap', { reason, lost, cpu, model: null }, { cause: [] })
    this.lastGap = this.#seq
    this.tasks.forget()
  }
}
