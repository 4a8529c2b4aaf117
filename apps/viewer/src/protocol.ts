/** What the page asks of its worker, and what that answers. Everything is plain data. */
import type { Json } from '@devtrail/events'
import type { Timeline, TimelineWindow } from '@devtrail/survey'

/** Where the log's files are. */
export type LogPlace =
  /** Behind the server that handed out the page. */
  | { readonly kind: 'served'; readonly base: string }
  /** In the page itself. */
  | { readonly kind: 'packed'; readonly files: readonly (readonly [path: string, bytes: Uint8Array])[] }

export interface OpenRequest {
  readonly place: LogPlace
  /** The name of the fold whose keyframes are used. */
  readonly fold: string
}

/** What is known as soon as the log is open. */
export interface Opened {
  /** The first event there is; of a log whose head is gone, the first that is known. */
  readonly firstSeq: number
  readonly lastSeq: number
  /** Nanoseconds of the first and the last event. */
  readonly minTime: number
  readonly maxTime: number
  readonly kernel: string | null
  readonly notes: readonly string[]
  readonly complete: boolean | null
  readonly lost: number | null
  /** By the log's index: events, first number and times of its blocks. */
  readonly blocks: readonly BlockOutline[]
  /** Devices that the log names, before it was read. */
  readonly devices: readonly string[]
  /** The hosts of a log of several, and how their clocks are set, in words. */
  readonly hosts: readonly { readonly name: string; readonly clock: readonly string[] }[]
}

export interface BlockOutline {
  readonly firstSeq: number
  readonly lastSeq: number
  readonly minTime: number
  readonly maxTime: number
}

/** How far the worker has read, and what it found. */
export interface ScanState extends Timeline {
  /** Reading has ended before the end: what comes behind `upTo` cannot be read. */
  readonly isBroken: boolean
  readonly violations: readonly ViolationRow[]
}

export interface ViolationRow {
  readonly rule: string
  readonly certainty: 'certain' | 'possible'
  readonly seq: number
  readonly time: number
  readonly device: string | null
  /** In a log of several hosts. */
  readonly host: string | null
  readonly summary: string
  readonly evidence: readonly number[]
  readonly linked: readonly { readonly rule: string; readonly seq: number; readonly summary: string }[]
  readonly says: string
  readonly because: string
}

export interface EventRow {
  readonly seq: number
  readonly entry: number | null
  readonly time: string
  readonly ns: number
  readonly device: string | null
  readonly type: string
  readonly cpu: number | null
  readonly actor: { readonly pid: number; readonly comm: string } | null
  readonly cause: readonly number[]
  readonly data: { readonly [name: string]: Json }
  readonly decoded?: { readonly [name: string]: string }
  readonly inferred?: true
  /** In a log of several hosts the one it happened on; null uncertainty: nothing is known of its clock. */
  readonly host?: string
  readonly uncertaintyNs: number | null
  /** Clocks do not tell whether it happened before events of other hosts that stand before it. */
  readonly unordered?: true
  readonly words: string
}

export interface TreeNode {
  readonly start: string
  readonly end: string
  readonly name: string
  readonly children: readonly TreeNode[]
}

/** The iomem tree of the machine, or of one host of several; null: it is not known. */
export interface MemoryTree {
  readonly host: string | null
  readonly iomem: readonly TreeNode[] | null
  readonly complete: boolean
}

export interface StateAt {
  readonly at: { readonly seq: number; readonly entry: number | null; readonly time: string | null }
  readonly devices: readonly { readonly key: string; readonly parts: { readonly [part: string]: Json } }[]
  /** How many devices there are besides. */
  readonly more: number
  readonly memory: readonly MemoryTree[]
  /** How many tasks are inside calls. */
  readonly tasks: number
}

/** A reference that is still out, as `devtrail refs` says it. */
export interface RefRow {
  readonly of: 'page' | 'pagemap' | 'queue'
  /** Whose it is; of a pagemap whose device is not known, the namespace that lies where it does. */
  readonly device: string | null
  /** Whether it is that of whoever claims the namespace, where `device` is one. */
  readonly isByNamespace: boolean
  readonly certain: boolean
  readonly words: string
  readonly isMemoryGone: boolean
  /** The events that took it. */
  readonly since: { readonly first: number; readonly last: number } | null
}

export interface RefsAt {
  readonly seq: number
  readonly refs: readonly RefRow[]
  /** How many there are besides. */
  readonly more: number
}

/** A task and the calls it is in, outermost first, as `devtrail stuck` says it. */
export interface TaskRow {
  readonly host: string | null
  readonly pid: number
  readonly comm: string
  readonly calls: readonly {
    readonly name: string
    readonly seq: number
    readonly time: string
    /** Until the moment that is asked about; null: its time is not known. */
    readonly forSeconds: string | null
    readonly device: string | null
    readonly waitsFor: string | null
    /** Since when what it waits for is so: the task was not woken. */
    readonly idleSince: string | null
    /** False: it may have returned. */
    readonly certain: boolean
    readonly evidence: readonly number[]
  }[]
}

export interface CauseRow extends EventRow {
  readonly distance: number
  readonly ledTo: number
}

/** An event, and what led to it. */
export interface Why {
  readonly event: EventRow
  readonly causes: readonly CauseRow[]
  /** The lookup by which whoever took references to a page came to it. */
  readonly lookup: EventRow | null
  /** How sure the event's place among those of other hosts is, in a log of several. */
  readonly beside: string | null
}

export interface ChangeRow {
  readonly device: string | null
  readonly path: string
  readonly from: Json
  readonly to: Json
  readonly seq: number | null
}

export interface Questions {
  open: (request: OpenRequest) => Opened
  /** The state after an event, the device of a row first. */
  state: (of: { readonly seq: number; readonly row: string | null }) => StateAt
  /** The references that are still out after an event. */
  refs: (seq: number) => RefsAt
  /** The tasks inside calls after an event. */
  tasks: (seq: number) => readonly TaskRow[]
  /** Which rows are told from now on: the first of those whose key has a text in it. They are told at once. */
  rows: (of: { readonly named: string }) => null
  /** Events one by one, of some rows. */
  window: (of: { readonly from: number; readonly to: number; readonly rows: readonly string[] }) => TimelineWindow
  events: (range: { readonly from: number; readonly to: number }) => readonly EventRow[]
  /** Events for which an expression is true, as `events --where`; empty: all. At most `limit`, from `from` on. */
  find: (wanted: {
    readonly where: string
    readonly device: string | null
    readonly from: number
    readonly backwards: boolean
    readonly limit: number
  }) => readonly EventRow[]
  why: (seq: number) => Why | null
  compare: (moments: { readonly from: number; readonly to: number }) => readonly ChangeRow[]
  /** The nearest event after (or up to) which a path of a device has another value; null: none. */
  change: (of: {
    readonly path: string
    readonly device: string | null
    readonly from: number
    readonly backwards: boolean
  }) => number | null
  /** The first event after which an expression is true. */
  bisect: (of: { readonly when: string; readonly device: string | null }) => number | null
  /** A position as a person writes it: 138, @261, 9.5s, start, end. */
  position: (text: string) => number
}

export type Question = keyof Questions

/** From the page. */
export interface Asked {
  readonly id: number
  readonly question: Question
  readonly of: unknown
}

/** From the worker. */
export type Told =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly message: string }
  | { readonly kind: 'scan'; readonly scan: ScanState }
  | { readonly kind: 'grown'; readonly opened: Opened }
  /** What has happened to the log, or to the way to it; null: all is well again. */
  | { readonly kind: 'notice'; readonly words: string | null }
