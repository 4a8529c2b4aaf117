/**
 * Operations that others may come between. An operation is a generator that pauses wherever the kernel could be interrupted,
 * or has to wait; whoever runs several of them decides who goes on, so that a run is its choices.
 */
import type { Actor, Emitter } from '@devtrail/events'
import type { Rcu } from './rcu.ts'

/**
 * A place where an operation can be interrupted, with `what` comes next where that has a name; or where it waits until something
 * holds. `retry`: it goes on in vain unless somebody changes something meanwhile.
 */
export type Pause = null | { readonly what: string; readonly until?: () => boolean; readonly retry?: true }

export type Steps<T> = Generator<Pause, T, void>

/** So many retries one after the other, and nobody else that could change anything. */
const RETRIES_MAX = 100_000

/**
 * Runs an operation to its end, however long that is; while it waits, grace periods pass. @throws Error when it waits for what
 * then never happens, or tries the same again and again.
 */
export function finish<T>(steps: Steps<T>, rcu?: Rcu): T {
  for (let retries = 0; retries < RETRIES_MAX;) {
    const step = steps.next()
    if (step.done === true) return step.value
    const { what, until, retry } = step.value ?? {}
    retries = retry === true ? retries + 1 : 0
    if (until === undefined || until()) continue
    if (rcu === undefined) throw new Error(`waits for ${what}, and nobody else is there to change that`)
    rcu.waitUntil(until)
  }
  throw new Error(`tried again ${RETRIES_MAX} times without an end, and nobody else is there to change anything`)
}

interface Task {
  readonly actor: Actor
  readonly steps: Steps<unknown>
  pause: Pause
}

const canGoOn = (task: Task): boolean => task.pause?.until?.() !== false

export class Tasks {
  readonly #emitter: Emitter
  readonly #tasks: Task[] = []

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  /** Adds a task; it does nothing until it is chosen. */
  spawn(actor: Actor, steps: Steps<unknown>): void {
    this.#tasks.push({ actor, steps, pause: null })
  }

  /** How many tasks could go on now. */
  get runnable(): number {
    return this.#tasks.filter(canGoOn).length
  }

  /** Tasks that wait, for what. */
  get waiting(): readonly { readonly actor: Actor; readonly what: string }[] {
    return this.#tasks.filter((task) => !canGoOn(task)).map(({ actor, pause }) => ({ actor, what: pause!.what }))
  }

  /** One turn of the task at `choice` (modulo) of those that can go on; false when there is none. */
  step(choice: number): boolean {
    const ready = this.#tasks.filter(canGoOn)
    const task = ready[choice % ready.length]
    if (task === undefined) return false
    this.#emitter.actor = task.actor
    const step = task.steps.next()
    if (step.done === true) this.#tasks.splice(this.#tasks.indexOf(task), 1)
    else task.pause = step.value
    return true
  }
}
