/** Where a debugger stands, and what it holds on to. */
import type { AnyEvent } from '@devtrail/events'
import {
  Cursor,
  parsePosition,
  PositionSyntaxError,
  Probe,
  type Expression,
  type Found,
  type Moment,
  type RunEnd,
  type Snapshot,
  type StopFor,
} from '@devtrail/time-travel'
import type { OpenLog } from '../logs/open.ts'
import type { Names, Survey } from '@devtrail/survey'

/** An expression whose value is told whenever it is otherwise after a move. */
interface Watch {
  readonly id: number
  readonly text: string
  readonly expression: Expression
  readonly device: string | null
  value: Found
  identity: string
}

/** What a move came to. */
export interface Moved {
  readonly event: AnyEvent | null
  readonly changes: readonly { readonly id: number; readonly text: string; readonly from: Found; readonly to: Found }[]
}

export class Place {
  readonly log: OpenLog
  readonly survey: Survey
  readonly #cursor: Cursor
  readonly marks = new Map<string, number>()
  readonly breaks: StopFor[] = []
  readonly watches: Watch[] = []
  fence: readonly [low: number, high: number]
  /** What bare names are fields of. */
  device: string | null = null
  #ids = 0

  private constructor(log: OpenLog, survey: Survey, cursor: Cursor) {
    this.log = log
    this.survey = survey
    this.#cursor = cursor
    this.fence = [0, cursor.last]
  }

  static async open(log: OpenLog, survey: Survey): Promise<Place> {
    return new Place(log, survey, await Cursor.open(log.history))
  }

  get names(): Names {
    return this.survey.names
  }

  get seq(): number {
    return this.#cursor.seq
  }

  get last(): number {
    return this.#cursor.last
  }

  get cursor(): Cursor {
    return this.#cursor
  }

  nextId(): number {
    return ++this.#ids
  }

  /** Where a position or mark lies. @throws PositionSyntaxError, NoSuchPositionError */
  async find(text: string): Promise<Moment> {
    const mark = this.marks.get(text)
    const { history } = this.log
    if (mark !== undefined) return history.find({ kind: 'seq', seq: mark })
    try {
      return await history.find(parsePosition(text))
    } catch (error) {
      if (!(error instanceof PositionSyntaxError) || this.marks.size === 0) throw error
      throw new PositionSyntaxError(`${error.message}, or a mark: ${[...this.marks.keys()].join(', ')}`)
    }
  }

  /** The state here. */
  async snapshot(): Promise<Snapshot> {
    return { at: await this.log.history.find({ kind: 'seq', seq: this.seq }), machine: this.#cursor.machine }
  }

  async event(): Promise<AnyEvent | null> {
    return this.seq === 0 ? null : ((await this.log.history.events([this.seq])).get(this.seq) ?? null)
  }

  /** Goes somewhere and says what is otherwise there of what is watched. */
  async goTo(seq: number): Promise<Moved> {
    await this.#cursor.goTo(seq)
    return this.#look()
  }

  async run(
    direction: 'forwards' | 'backwards',
    stops: readonly StopFor[],
    options: Parameters<Cursor['run']>[3],
  ): Promise<RunEnd & Moved> {
    const [low, high] = this.fence
    const end = await this.#cursor.run(direction, stops, direction === 'forwards' ? high : low, options)
    const told = await this.#look()
    const gone = direction === 'forwards' ? [] : await this.#changesAt(end)
    return { ...end, ...told, changes: gone.length > 0 ? gone : told.changes }
  }

  /** What an event changed of what is watched: a run backwards stops behind it, where that is as it was where the run began. */
  async #changesAt({ seq, hits }: RunEnd): Promise<Moved['changes']> {
    const changed = this.watches.filter(({ id }) => hits.some((hit) => hit.kind === 'changes' && hit.id === id))
    if (changed.length === 0) return []
    const { machine } = await this.log.history.at({ kind: 'seq', seq: seq - 1 })
    return changed.map(({ id, text, expression, device, value: to }) => {
      return { id, text, from: new Probe(expression, machine, device).value, to }
    })
  }

  async #look(): Promise<Moved> {
    const changes: Moved['changes'][number][] = []
    for (const watch of this.watches) {
      const probe = new Probe(watch.expression, this.#cursor.machine, watch.device)
      const { identity, value } = probe
      if (identity !== watch.identity) changes.push({ id: watch.id, text: watch.text, from: watch.value, to: value })
      Object.assign(watch, { identity, value })
    }
    return { event: await this.event(), changes }
  }

  /** @throws ExpressionError */
  watch(text: string, expression: Expression): Watch {
    const { device } = this
    const probe = new Probe(expression, this.#cursor.machine, device)
    const watch: Watch = { id: this.nextId(), text, expression, device, value: probe.value, identity: probe.identity }
    this.watches.push(watch)
    return watch
  }
}
