/** A log that is open, and the answers to what the page asks of it. */
import type { LogFiles } from '@devtrail/event-log/read'
import { lookClosely, Scan, type Timeline } from '@devtrail/survey'
import { bisect, parseExpression, parsePosition, type EventSource } from '@devtrail/time-travel'
import type { Opened, OpenRequest, Questions, ViolationRow } from '../protocol.ts'
import { changeOf, changesBetween } from './changes.ts'
import { eventsIn, findEvents, whyEvent } from './event-rows.ts'
import { idOf, indexOf, openLog, outlineOf, type OpenLog } from './open-log.ts'
import { stateAt } from './state-at.ts'
import { refsAt, tasksAt } from './still-out.ts'
import { violationRows } from './violation-rows.ts'

/** Rows that are told of the timeline: of a log with more devices one looks for those one means by name. */
const ROWS_MAX = 2000

/** Answers to questions, by what is asked. */
type Answers = {
  readonly [Q in Exclude<keyof Questions, 'open' | 'rows'>]: (of: Parameters<Questions[Q]>[0]) => Promise<ReturnType<Questions[Q]>>
}

/** Devices with whose number the reading for the timeline ends: more do not fit into a page's memory. */
const DEVICES_MAX = 1_048_576

export class LogSession {
  readonly #fold: string
  readonly #files: LogFiles
  readonly #id: string | null
  #log: OpenLog
  /** How many are reading a log: one that was opened anew meanwhile is closed behind the last of them. */
  readonly #readers = new Map<OpenLog, number>()
  #opened: Opened
  readonly scan: Scan
  /** What the keys of rows must have in them to be told. */
  named = ''
  #told: readonly ViolationRow[] = []
  #toldOf = -1

  private constructor(fold: string, files: LogFiles, id: string | null, log: OpenLog, opened: Opened, scan: Scan) {
    this.#fold = fold
    this.#files = files
    this.#id = id
    this.#log = log
    this.#opened = opened
    this.scan = scan
  }

  static async open({ fold }: Pick<OpenRequest, 'fold'>, files: LogFiles): Promise<LogSession> {
    const start = performance.now()
    const log = await openLog(files, fold)
    const index = await indexOf(log)
    performance.measure('devtrail index', { start })
    const read = performance.now()
    const facts = await log.history.facts()
    performance.measure('devtrail keyframe', { start: read })
    const [opened, id] = await Promise.all([outlineOf(log, index), idOf(files)])
    return new LogSession(fold, files, id, log, opened, new Scan(log.source, facts, opened.lastSeq, { devices: DEVICES_MAX }))
  }

  get opened(): Opened {
    return this.#opened
  }

  get source(): EventSource {
    return this.#log.source
  }

  /** What was found of the whole log so far, for the page. */
  timeline(): Timeline {
    return this.scan.timeline(this.opened.maxTime, { rowsMax: ROWS_MAX, named: this.named })
  }

  /** Takes the names of devices from the last keyframe, so that they stay while the log is read up to there. */
  async foresee(): Promise<void> {
    const { reader, history } = this.#log
    const last = (await reader.keyframes(this.#fold)).at(-1)
    if (last !== undefined && last >= this.opened.firstSeq) this.scan.foresee((await history.at({ kind: 'seq', seq: last })).machine)
  }

  /**
   * Opens the log anew after something happened to it.
   * @returns whether it has grown; @throws when it is no more what it was.
   */
  async again(): Promise<boolean> {
    const id = await idOf(this.#files)
    if (id === null) throw new Error('the log is no longer there. What was read of it stays as long as this page is open')
    if (id !== this.#id) throw new Error('another log is in its place now. What is shown here is still the old one, as far as it was read')
    const log = await openLog(this.#files, this.#fold)
    const before = this.#opened.lastSeq
    const { lastSeq } = log.reader
    if (lastSeq < before) {
      await log.reader.close()
      throw new Error(`the log was cut: it ends with event ${lastSeq}, and had ${before}. What was read of it is still shown`)
    }
    const old = this.#log
    this.#log = log
    if (!this.#readers.has(old)) await old.reader.close()
    this.#opened = await outlineOf(log, await indexOf(log))
    return lastSeq > before
  }

  /** What breaks the rules so far. */
  async violations(): Promise<readonly ViolationRow[]> {
    const toldOf = this.scan.violations.length
    if (this.#toldOf === toldOf) return this.#told
    this.#told = await this.#reading(() => violationRows(this.#log.history, this.scan))
    this.#toldOf = toldOf
    return this.#told
  }

  /** The answer to a question, also when the log is opened anew while it is sought. */
  answer<Q extends keyof Answers>(question: Q, of: Parameters<Questions[Q]>[0]): Promise<ReturnType<Questions[Q]>> {
    return this.#reading(() => this.#answers[question](of))
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      const log = this.#log
      this.#readers.set(log, (this.#readers.get(log) ?? 0) + 1)
      try {
        return await read()
      } catch (error) {
        // The same events may lie in other files by now: one that is full gets compressed.
        if (log === this.#log) throw error
      } finally {
        const others = this.#readers.get(log)! - 1
        if (others > 0) this.#readers.set(log, others)
        else this.#readers.delete(log)
        if (others === 0 && log !== this.#log) await log.reader.close()
      }
    }
  }

  readonly #answers: Answers = {
    state: ({ seq, row }) => stateAt(this.#log.history, this.scan.names, seq, row),
    refs: (seq) => refsAt(this.#log.history, this.scan.names, seq),
    tasks: (seq) => tasksAt(this.#log.history, this.scan.names, seq),
    window: ({ from, to, rows }) => lookClosely(this.#log.history, { from, to, rows: new Set(rows), names: this.scan.names }),
    events: (range) => eventsIn(this.#log, this.#opened, this.scan.names, range),
    find: (wanted) => findEvents(this.#log.history, this.#opened, this.scan.names, wanted),
    why: (seq) => whyEvent(this.#log.history, this.scan.names, seq),
    compare: ({ from, to }) => changesBetween(this.#log.history, this.scan.names, from, to),
    change: (of) => changeOf(this.#log.history, of),
    bisect: async ({ when, device }) => (await bisect(this.#log.history, parseExpression(when), { device }))?.seq ?? null,
    position: async (text) => (await this.#log.history.find(parsePosition(text))).seq,
  }
}
