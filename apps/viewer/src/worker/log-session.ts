/** A log that is open, and the answers to what the page asks of it. */
import type { LogReader } from '@devtrail/event-log'
import { openLogFiles, type LogFiles } from '@devtrail/event-log/read'
import { type AnyEvent, type Json, type Violation } from '@devtrail/events'
import {
  compare,
  dataInWords,
  eventRow,
  eventWords,
  keysAt,
  lookClosely,
  mayBeThere,
  models,
  Scan,
  vocabulary,
  type Timeline,
} from '@devtrail/survey'
import {
  bisect,
  blame,
  describeDevice,
  EventFilter,
  explained,
  History,
  LogBlocks,
  momentToJson,
  NOTHING,
  parseExpression,
  parsePath,
  parsePosition,
  Probe,
  rulesOf,
  selectDevices,
  shownDevices,
  stuckTasks,
  why,
  type Machine,
} from '@devtrail/time-travel'
import { treeToJson, type ResourceTreeState } from '@devtrail/resource-tree'
import type { ChangeRow, EventRow, Opened, OpenRequest, Questions, StateAt, TreeNode, ViolationRow } from '../protocol.ts'

/** The attachment in which an import says what it found. */
const SUMMARY = 'import.json'

interface ImportSummary {
  readonly summary?: {
    readonly kernel?: string | null
    readonly entries?: number
    readonly lost?: number | null
    readonly complete?: boolean
    readonly notes?: readonly string[]
  }
  readonly devices?: readonly string[]
}

async function importedOf(reader: LogReader): Promise<ImportSummary> {
  try {
    return JSON.parse(new TextDecoder().decode(await reader.attachment(SUMMARY))) as ImportSummary
  } catch {
    // A log that no import made, or a packed one without it.
    return {}
  }
}

/** Devices whose state is told at once; the one that was asked for comes first. */
const DEVICES_MAX = 60
/** Rows that are told of the timeline: of a log with more devices one looks for those one means by name. */
const ROWS_MAX = 2000
/** Events that are told at once. */
const LIMIT_MAX = 1000

export class LogSession {
  readonly #fold: string
  readonly #files: LogFiles
  #reader: LogReader
  #history: History
  readonly #imported: ImportSummary
  readonly #id: string | null
  readonly scan: Scan
  /** What the keys of rows must have in them to be told. */
  named = ''
  #opened: Opened
  #told: readonly ViolationRow[] = []
  #toldOf = -1

  private constructor(
    fold: string,
    files: LogFiles,
    reader: LogReader,
    history: History,
    imported: ImportSummary,
    id: string | null,
    opened: Opened,
    scan: Scan,
  ) {
    this.#id = id
    this.#fold = fold
    this.#files = files
    this.#reader = reader
    this.#history = history
    this.#imported = imported
    this.#opened = opened
    this.scan = scan
  }

  static async open({ fold }: Pick<OpenRequest, 'fold'>, files: LogFiles): Promise<LogSession> {
    const start = performance.now()
    const reader = await openLogFiles(files, vocabulary)
    const imported = await importedOf(reader)
    const history = new History(reader, models, { entries: imported.summary?.entries ?? null, fold })
    const opened = await outlineOf(reader, imported)
    performance.measure('devtrail index', { start })
    const read = performance.now()
    const facts = await history.facts()
    performance.measure('devtrail keyframe', { start: read })
    return new LogSession(fold, files, reader, history, imported, await idOf(files), opened, new Scan(reader, facts, opened.lastSeq))
  }

  get opened(): Opened {
    return this.#opened
  }

  /** What was found of the whole log so far, for the page. */
  timeline(): Timeline {
    return this.scan.timeline(this.#opened.maxTime, { rowsMax: ROWS_MAX, named: this.named })
  }

  get source(): LogReader {
    return this.#reader
  }

  /**
   * Opens the log anew after something happened to it.
   * @returns whether it has grown; @throws when it is no more what it was.
   */
  async again(): Promise<boolean> {
    const id = await idOf(this.#files)
    if (id === null) throw new Error('the log is no longer there. What was read of it stays as long as this page is open')
    if (id !== this.#id) throw new Error('another log is in its place now. What is shown here is still the old one, as far as it was read')
    const reader = await openLogFiles(this.#files, vocabulary)
    const before = this.#reader.lastSeq
    if (reader.lastSeq < before) {
      await reader.close()
      throw new Error(`the log was cut: it ends with event ${reader.lastSeq}, and had ${before}. What was read of it is still shown`)
    }
    // The same events may lie in other files: one that is full gets compressed.
    await this.#reader.close()
    this.#reader = reader
    this.#history = new History(reader, models, { entries: null, fold: this.#fold })
    this.#opened = await outlineOf(reader, this.#imported)
    return reader.lastSeq > before
  }

  get #names(): Scan['names'] {
    return this.scan.names
  }

  #row(event: AnyEvent): EventRow {
    const device = this.#names.of(event)
    const row = eventRow(this.#names, event, 6) as unknown as EventRow
    return { ...row, ns: event.time, words: dataInWords(this.#names, event, device, 6) }
  }

  /** What breaks the rules, as `devtrail check` says it. */
  async violations(): Promise<readonly ViolationRow[]> {
    const { violations, machine } = this.scan
    if (this.#toldOf === violations.length) return this.#told
    const rules = new Map(rulesOf(models).map(({ rule }) => [rule.id, rule]))
    const toldOf = violations.length
    const linked = await explained(this.#history, machine, violations)
    this.#told = linked.map((v: Violation) => ({
      rule: v.rule,
      certainty: v.certainty,
      seq: v.seq,
      time: v.time,
      device: v.device === null ? null : this.#names.device(v.device),
      summary: v.summary,
      evidence: v.evidence,
      linked: (v.data['linked'] ?? []) as unknown as ViolationRow['linked'],
      says: rules.get(v.rule)?.says ?? '',
      because: rules.get(v.rule)?.because ?? '',
    }))
    this.#toldOf = toldOf
    return this.#told
  }

  readonly answers: {
    readonly [Q in Exclude<keyof Questions, 'open' | 'rows'>]: (of: Parameters<Questions[Q]>[0]) => Promise<ReturnType<Questions[Q]>>
  } = {
    state: ({ seq, row }) => this.#state(seq, row),
    window: ({ from, to, rows }) => lookClosely(this.#history, { from, to, rows: new Set(rows), names: this.#names }),
    events: ({ from, to }) => this.#events(from, to),
    find: (wanted) => this.#find(wanted),
    why: (seq) => this.#why(seq),
    compare: ({ from, to }) => this.#compare(from, to),
    change: (of) => this.#change(of),
    bisect: async ({ when, device }) => (await bisect(this.#history, parseExpression(when), { device }))?.seq ?? null,
    position: async (text) => (await this.#history.find(parsePosition(text))).seq,
  }

  async #state(seq: number, row: string | null): Promise<StateAt> {
    const { at, machine } = await this.#history.at({ kind: 'seq', seq })
    const keys = keysAt(machine.devices().filter(mayBeThere))
    const all = shownDevices(machine)
    const shown = [...all.filter(({ id }) => keys.get(id) === row), ...all.filter(({ id }) => keys.get(id) !== row)]
    const overall = overallOf(machine)
    return {
      at: momentToJson(at) as StateAt['at'],
      devices: shown.slice(0, DEVICES_MAX).map((d) => ({ key: keys.get(d.id)!, parts: describeDevice(machine, d.id) })),
      more: Math.max(0, shown.length - DEVICES_MAX),
      ...overall,
      tasks: stuckTasks(machine).map(({ pid, comm, calls }) => ({
        pid,
        comm,
        calls: calls.map(({ call, device, waiting }) => ({
          name: call.name,
          seq: call.seq,
          device: device === null ? null : this.#names.device(device),
          waitsFor: waiting?.waitsFor ?? call.waitsFor,
        })),
      })),
    }
  }

  async #events(from: number, to: number): Promise<EventRow[]> {
    const rows: EventRow[] = []
    for await (const event of this.#reader.read({ from: Math.max(1, from), to: Math.min(to, from + LIMIT_MAX) }))
      rows.push(this.#row(event))
    return rows
  }

  async #find({ where, device, from, backwards, limit }: Parameters<Questions['find']>[0]): Promise<EventRow[]> {
    const filter =
      where.trim() === ''
        ? null
        : new EventFilter(
            parseExpression(where),
            vocabulary,
            eventWords(() => this.#names),
          )
    const fits = (event: AnyEvent): boolean => {
      if (device !== null) {
        const id = this.#names.of(event)
        if (id === null || this.#names.device(id) !== device) return false
      }
      return filter === null || filter.truth(event) === true
    }
    const types = (type: string): boolean => filter === null || filter.mayFit(type)
    const rows: EventRow[] = []
    const last = this.#reader.lastSeq
    for (let at = from; rows.length < Math.min(limit, LIMIT_MAX) && at >= 1 && at <= last;) {
      const seq = await this.#history.search(at, backwards ? 1 : last, types, fits)
      if (seq === null) break
      rows.push(this.#row((await this.#history.events([seq])).get(seq)!))
      at = backwards ? seq - 1 : seq + 1
    }
    return rows
  }

  async #why(seq: number): Promise<ReturnType<Questions['why']>> {
    const told = await why(this.#history, seq)
    if (told === null) return null
    return {
      event: this.#row(told.event),
      causes: told.causes.map(({ event, distance, ledTo }) => ({ ...this.#row(event), distance, ledTo })),
    }
  }

  async #compare(from: number, to: number): Promise<ChangeRow[]> {
    const a = await this.#history.at({ kind: 'seq', seq: from })
    const b = await this.#history.at({ kind: 'seq', seq: to })
    const ids = new Set([...a.machine.devices(), ...b.machine.devices()].filter((d) => !d.bookkeeping).map((d) => d.id))
    const { changes, seqs } = await compare(this.#history, a, b, [...ids, null])
    return changes.map((change) => ({
      device: change.device === null ? null : this.#names.device(change.device),
      path: change.path,
      from: toJson(change.from),
      to: toJson(change.to),
      seq: seqs.get(change) ?? null,
    }))
  }

  async #change({ path, device, from, backwards }: Parameters<Questions['change']>[0]): Promise<number | null> {
    if (backwards) {
      if (from < 0) return null
      const { machine } = await this.#history.at({ kind: 'seq', seq: from })
      const id = device === null ? null : (selectDevices(device, machine.devices(), (d) => machine.aliases(d)).at(-1)?.id ?? null)
      const told = await blame(this.#history, { device: id, path: parsePath(path) }, from)
      return 'seq' in told && told.seq !== null && told.seq > 0 ? told.seq : null
    }
    let probe!: Probe
    let before = ''
    let found: number | null = null
    await this.#history.replay({
      from,
      begin: (machine, at) => {
        probe = new Probe(parseExpression(path), machine, device)
        if (at >= from || from < 1) before = probe.identity
      },
      step: (block, place) => {
        const seq = block.seq(place)
        probe.step(block, place)
        if (seq <= from) {
          if (seq === from) before = probe.identity
          return false
        }
        if (probe.identity === before) return false
        found = seq
        return true
      },
    })
    return found
  }
}

const toJson = (value: unknown): Json => (value === NOTHING ? false : ((value ?? null) as Json))

/** What tells a log from all others; null when it is not there. */
async function idOf(files: LogFiles): Promise<string | null> {
  const head = await files.open('log.json')
  if (head === null) return null
  const bytes = new Uint8Array(await head.size())
  await head.read(bytes, 0)
  return (JSON.parse(new TextDecoder().decode(bytes)) as { readonly id?: string }).id ?? null
}

/** The resource tree as `state --json` shows it. */
function overallOf(machine: Machine): { readonly iomem: readonly TreeNode[] | null; readonly iomemComplete: boolean } {
  // Of several hosts no tree is that of all.
  if (machine.hosts()[0] !== 0) return { iomem: null, iomemComplete: false }
  const state = machine.state<ResourceTreeState>('resource-tree')
  const tree = state.trees.get('iomem')
  return {
    iomem: tree === undefined ? null : (treeToJson(state, 'iomem') as unknown as TreeNode[]),
    iomemComplete: tree?.complete ?? false,
  }
}

async function outlineOf(reader: LogReader, { summary, devices = [] }: ImportSummary): Promise<Opened> {
  const summaries = (await new LogBlocks(reader).summaries()).filter(({ lastSeq }) => lastSeq > 0)
  const { uname } = reader.meta.source
  return {
    lastSeq: reader.lastSeq,
    minTime: summaries.reduce((least, { minTime }) => Math.min(least, minTime), Infinity),
    maxTime: summaries.reduce((most, { maxTime }) => Math.max(most, maxTime), -Infinity),
    kernel: summary?.kernel ?? (typeof uname === 'string' ? uname : null),
    notes: [...reader.meta.notes, ...(summary?.notes ?? [])],
    complete: summary?.complete ?? null,
    lost: summary?.lost ?? null,
    blocks: summaries.map(({ firstSeq, lastSeq, minTime, maxTime }) => ({ firstSeq: Math.max(1, firstSeq), lastSeq, minTime, maxTime })),
    devices,
  }
}
