import type { EventDeclaration, EventRows } from '@devtrail/events'
import { NONE } from './mentions.ts'
import { enterCall, evolveTasksOfRow, isInSureCalls, taskKey, type TasksState } from './tasks.ts'

type Call = NonNullable<EventDeclaration['call']>

/** A task that rows come of, and the call that its last row entered. */
class Seen {
  readonly key: number
  readonly comm: string
  /** Null: it returned. */
  call: Call | null = null
  seq = 0
  entry = 0
  time = 0
  pagemap = 0

  constructor(key: number, comm: string) {
    this.key = key
    this.comm = comm
  }
}

/**
 * The calls that rows enter and return from: one that returns with its task's next row need never come into the state. The
 * others are handed over when somebody is to look at it.
 */
export class RowTasks {
  readonly #state: TasksState
  readonly #seen = new Map<number, Seen>()
  #actors: EventRows['actors'] = []
  /** The task of each actor of the table. */
  #ofActor: (Seen | undefined)[] = []

  constructor(state: TasksState) {
    this.#state = state
  }

  /** `call`: what rows of its type enter or return from; `pagemap`: what it mentions; NaN: nothing. */
  see(rows: EventRows, i: number, call: Call | undefined, pagemap: number): void {
    const at = rows.from + i
    if (rows.actors !== this.#actors) {
      this.#actors = rows.actors
      this.#ofActor.length = 0
    }
    const task = this.#find(rows, at)
    if (task === null || call === undefined) return this.#look(rows, i, call, pagemap)
    if (call.edge === 'return') {
      if (task.call?.name === call.name) task.call = null
      else this.#look(rows, i, call, pagemap)
      return
    }
    if (task.call !== null) this.#enter(task)
    task.call = call
    task.seq = rows.seq + i
    task.entry = rows.entry[at]!
    task.time = rows.time[at]!
    task.pagemap = pagemap
  }

  /**
   * Whether a row enters a call that returns with the next one: of a task that is known to be in no call that may be over, that
   * changes nothing.
   */
  isPair(rows: EventRows, i: number, call: Call | undefined, next: Call | undefined): boolean {
    if (call === undefined || next === undefined || call.edge !== 'enter' || next.edge !== 'return' || call.name !== next.name) return false
    const place = rows.actor[rows.from + i]!
    if (rows.actors !== this.#actors || place !== rows.actor[rows.from + i + 1]!) return false
    const task = this.#ofActor[place]
    return task !== undefined && task.call === null
  }

  /** The task of a row, where it is known to be in no call that may be over. */
  #find({ actor, actors, cpu }: EventRows, at: number): Seen | null {
    const place = actor[at]!
    const last = this.#ofActor[place]
    if (last !== undefined) return last
    const { pid, comm } = actors[place]!
    const task = this.#seen.get(taskKey(pid, cpu[at]!))
    if (task === undefined || task.comm !== comm) return null
    // The idle tasks of all CPUs are one actor.
    if (pid !== 0) this.#ofActor[place] = task
    return task
  }

  /** Looks at a row closely. */
  #look(rows: EventRows, i: number, call: Call | undefined, pagemap: number): void {
    this.handOver()
    const at = rows.from + i
    const actor = rows.actors[rows.actor[at]!]!
    const cpu = rows.cpu[at]!
    evolveTasksOfRow(this.#state, { actor, cpu, seq: rows.seq + i, entry: rows.entry[at]!, time: rows.time[at]! }, call, pagemap)
    const key = taskKey(actor.pid, cpu)
    if (isInSureCalls(this.#state, key, actor.comm)) this.#seen.set(key, new Seen(key, actor.comm))
  }

  #enter({ key, call, seq, entry, time, pagemap }: Seen): void {
    enterCall(this.#state, key, { seq, entry, time }, call!, Number.isNaN(pagemap) ? NONE : [{ kind: 'pagemap', id: pagemap }])
  }

  handOver(): void {
    for (const task of this.#seen.values()) if (task.call !== null) this.#enter(task)
    this.#seen.clear()
    this.#ofActor.length = 0
  }
}
