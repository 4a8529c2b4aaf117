import type { EventDeclaration, EventRow } from '@devtrail/events'
import { NONE } from './mentions.ts'
import { enterCall, evolveTasksOfRow, isInSureCalls, taskKey, type TasksState } from './tasks.ts'

type Call = NonNullable<EventDeclaration['call']>

/** A task that rows come of, and the call that its last row entered. */
class Seen {
  readonly key: number
  readonly pid: number
  readonly cpu: number
  readonly comm: string
  /** Null: it returned. */
  call: Call | null = null
  seq = 0
  entry = 0
  time = 0
  pagemap = 0

  constructor(key: number, { actor: { pid, comm }, cpu }: EventRow) {
    this.key = key
    this.pid = pid
    this.cpu = cpu
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
  #last: Seen | null = null

  constructor(state: TasksState) {
    this.#state = state
  }

  /** `pagemap`: what the row mentions; NaN: nothing. */
  see(row: EventRow, pagemap: number): void {
    const { call } = row.declaration
    const task = this.#find(row)
    if (task === null || call === undefined) return this.#look(row, pagemap)
    if (call.edge === 'return') {
      if (task.call?.name === call.name) task.call = null
      else this.#look(row, pagemap)
      return
    }
    if (task.call !== null) this.#enter(task)
    task.call = call
    task.seq = row.seq
    task.entry = row.entry
    task.time = row.time
    task.pagemap = pagemap
  }

  /** The task of a row, where it is known to be in no call that may be over. */
  #find({ actor, cpu }: EventRow): Seen | null {
    const { pid, comm } = actor
    const last = this.#last
    if (last !== null && last.pid === pid && last.comm === comm && (pid !== 0 || last.cpu === cpu)) return last
    const task = this.#seen.get(taskKey(pid, cpu))
    if (task === undefined || task.comm !== comm) return null
    this.#last = task
    return task
  }

  /** Looks at a row closely. */
  #look(row: EventRow, pagemap: number): void {
    this.handOver()
    evolveTasksOfRow(this.#state, row, pagemap)
    const key = taskKey(row.actor.pid, row.cpu)
    if (isInSureCalls(this.#state, key, row.actor.comm)) this.#seen.set(key, new Seen(key, row))
  }

  #enter({ key, call, seq, entry, time, pagemap }: Seen): void {
    enterCall(this.#state, key, { seq, entry, time }, call!, Number.isNaN(pagemap) ? NONE : [{ kind: 'pagemap', id: pagemap }])
  }

  handOver(): void {
    for (const task of this.#seen.values()) if (task.call !== null) this.#enter(task)
    this.#seen.clear()
    this.#last = null
  }
}
