import type { Actor, AnyEvent, EventDeclaration } from '@devtrail/events'
import { NONE, mentionsOf, type Mention } from './mentions.ts'

/** A call that a task entered and has not been seen to leave. */
export interface OpenCall {
  readonly name: string
  readonly waitsFor: string | null
  /** The event that entered it, and what that is about. */
  readonly seq: number
  readonly entry: number | null
  readonly time: number
  readonly about: readonly Mention[]
  /** False when a gap came since: the return may be missing. */
  sure: boolean
  /** False when returns from calls of this name were missed: this one's may be, too. */
  readonly isReturnSure: boolean
}

interface Task {
  pid: number
  comm: string
  /** Outermost first. Empty: the task says nothing. */
  calls: OpenCall[]
}

/** The calls every task is in, by task; plain data. */
export interface TasksState {
  tasks: Map<number, Task>
  /** Names of calls of which returns were missed. */
  returnsMissed: string[]
  /** How many tasks there may be before those in no call are dropped. */
  tidyAt: number
}

/** Tasks kept at least, in calls or not. */
const TASKS_KEPT = 1024

export const initialTasks = (): TasksState => ({ tasks: new Map(), returnsMissed: [], tidyAt: TASKS_KEPT })

/** The idle task of each CPU shares pid 0. */
export function taskKey(pid: number, cpu: number | null): number {
  return pid === 0 ? -1 - ((cpu ?? -1) + 1) : pid
}

/** Folds one event into the state, in place: the enter and return edges that event types declare. */
export function evolveTasks(state: TasksState, event: AnyEvent, declaration: EventDeclaration | undefined): void {
  const { tasks } = state
  if (event.type === 'log/gap') {
    if (event.data['model'] != null) return
    for (const { calls } of tasks.values()) for (const call of calls) call.sure = false
    return
  }
  if (event.type === 'log/returns-missed') return void state.returnsMissed.push(event.data['call'] as string)
  const { actor } = event
  if (actor === null) return
  const call = declaration?.call
  const entered = callsBehind(state, actor, event.cpu, call)
  if (entered !== null) enter(state, entered, event, call!, mentionsOf(event, declaration))
}

/** The same of an event in numbers, of a task and with an edge of a call, which mentions a pagemap (NaN: nothing). */
export function evolveTasksOfRow(
  state: TasksState,
  at: Moment & { readonly actor: Actor; readonly cpu: number },
  call: Call | undefined,
  pagemap: number,
): void {
  const entered = callsBehind(state, at.actor, at.cpu, call)
  if (entered !== null) enter(state, entered, at, call!, Number.isNaN(pagemap) ? NONE : [{ kind: 'pagemap', id: pagemap }])
}

/** Whether a task of that name is there, and in no call that may be over. */
export function isInSureCalls({ tasks }: TasksState, key: number, comm: string): boolean {
  const task = tasks.get(key)
  return task !== undefined && task.comm === comm && task.calls.every(({ sure }) => sure)
}

/** A task that is there entered a call. */
export function enterCall(state: TasksState, key: number, at: Moment, call: Call, about: readonly Mention[]): void {
  enter(state, state.tasks.get(key)!.calls, at, call, about)
}

type Moment = Pick<AnyEvent, 'seq' | 'entry' | 'time'>
type Call = NonNullable<EventDeclaration['call']>

/** Whatever calls an event of a task shows to be over. @returns the calls of the task, when it enters another one. */
function callsBehind(state: TasksState, { pid, comm }: Actor, cpu: number | null, call: Call | undefined): OpenCall[] | null {
  const { tasks } = state
  const key = taskKey(pid, cpu)
  let task = tasks.get(key)
  if (task !== undefined && task.comm !== comm && comm !== '<...>' && task.comm !== '<...>') {
    // Another program runs under this pid now: it cannot still be inside a call of the former one.
    task.calls = []
    task.comm = comm
  }
  // After a gap a task that goes on elsewhere has left the calls it was in, unless this is the return of one.
  if (task !== undefined && call?.edge !== 'return') leaveUnsure(task)
  if (call === undefined) return null
  if (call.edge === 'return') {
    if (task !== undefined) leave(task, call.name)
    return null
  }
  if (task === undefined) {
    tidy(state)
    tasks.set(key, (task = { pid, comm, calls: [] }))
  } else if (task.calls.length === 0) task.comm = comm
  return task.calls
}

function enter(
  { returnsMissed }: TasksState,
  calls: OpenCall[],
  { seq, entry, time }: Moment,
  { name, waitsFor }: Call,
  about: readonly Mention[],
): void {
  calls.push({ name, waitsFor: waitsFor ?? null, seq, entry, time, about, sure: true, isReturnSure: !returnsMissed.includes(name) })
}

function leave(task: Task, name: string): void {
  const { calls } = task
  for (let at = calls.length - 1; at >= 0; at--) {
    if (calls[at]!.name !== name) continue
    if (at === calls.length - 1) calls.pop()
    else calls.length = at
    return
  }
}

/** Drops tasks in no call before there are too many. */
function tidy(state: TasksState): void {
  const { tasks } = state
  if (tasks.size < state.tidyAt) return
  for (const [key, { calls }] of tasks) if (calls.length === 0) tasks.delete(key)
  state.tidyAt = Math.max(TASKS_KEPT, tasks.size * 2)
}

function leaveUnsure(task: Task): void {
  for (const { sure } of task.calls) {
    if (sure) continue
    task.calls = task.calls.filter((c) => c.sure)
    return
  }
}

/** Tasks inside calls. */
export function openTasks({ tasks }: TasksState): readonly Readonly<Task>[] {
  return [...tasks.values()].filter(({ calls }) => calls.length > 0)
}
