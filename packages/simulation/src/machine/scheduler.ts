/**
 * Who goes on. A run is its tasks and its choices: a turn is one step of a task, one grace period, or one task that was woken. Where
 * none of these is to be had, time goes on to the moment when the next one wakes up.
 */
import type { Actor, Emitter, ManualClock } from '@devtrail/events'
import type { Pause, Rcu, Steps } from '@devtrail/memremap'
import { inOrder, type Choices } from './choices.ts'

/** Nanoseconds that a turn takes. */
const TURN_NS = 1000
/** So many turns, and a run is given up: its tasks turn round and round. */
export const TURNS_MAX = 1_000_000

interface Task {
  readonly actor: Actor
  readonly steps: Steps<unknown>
  pause: Pause
  /** It is in a turn, which others may have interrupted. */
  inTurn: boolean
  /** So many it had. */
  turns: number
}

/** A run was given up after {@link TURNS_MAX} turns; `actor` had most of them. */
export class NoEnd extends Error {
  override readonly name = 'NoEnd'
  readonly actor: Actor

  constructor(actor: Actor) {
    super(`no end after ${TURNS_MAX} turns: some task goes round and round`)
    this.actor = actor
  }
}

/** What a task waits for that nobody will bring. */
export interface Hang {
  readonly actor: Actor
  readonly what: string
}

export interface SchedulerParts {
  readonly clock: ManualClock
  readonly emitter: Emitter
  readonly rcu: Rcu
}

export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #tasks: Task[] = []
  readonly #woken: (() => void)[] = []
  /** When those that sleep go on. */
  readonly #alarms = new Set<number>()
  #turns = 0
  /** Whose turn it was last. */
  last: Actor | null = null
  choices: Choices = inOrder
  /** Called when a turn begins, before anybody is chosen: also while a task waits in the middle of a call. */
  beforeTurn: () => void = () => {}

  constructor(parts: SchedulerParts) {
    this.#parts = parts
    parts.rcu.others = () => this.#turn() || this.#deadEnd()
  }

  /** Turns so far. */
  get turns(): number {
    return this.#turns
  }

  spawn(actor: Actor, steps: Steps<unknown>): void {
    this.#tasks.push({ actor, steps, pause: null, inTurn: false, turns: 0 })
  }

  /** Lets a woken task run when it is chosen. */
  schedule(task: () => void): void {
    this.#woken.push(task)
  }

  /** A pause until a time. */
  *until(ns: number): Steps<void> {
    const { clock } = this.#parts
    this.#alarms.add(ns)
    if (clock.now() < ns) yield { what: 'time to pass', until: () => clock.now() >= ns }
  }

  /** One turn, or time passes; false when nothing is left that could happen. @throws NoEnd after {@link TURNS_MAX} turns. */
  turn(): boolean {
    return this.#turn()
  }

  /** Tasks that wait for what does not come. */
  get hung(): Hang[] {
    return this.#tasks.map(({ actor, pause }) => ({ actor, what: pause?.what ?? 'the end of the call that it is in' }))
  }

  /**
   * A task waits in the middle of a call, and nobody can end that: it hangs there. What unwinding its call would say does not happen.
   */
  #deadEnd(): false {
    this.#parts.emitter.sink = null
    return false
  }

  #turn(): boolean {
    this.beforeTurn()
    if (++this.#turns > TURNS_MAX) throw new NoEnd(this.#busiest())
    const { clock, rcu, emitter } = this.#parts
    const ready = this.#tasks.filter((task) => !task.inTurn && task.pause?.until?.() !== false)
    const n = this.#woken.length + ready.length
    // A grace period is one more choice, the last: in order it passes when nobody else can go on.
    const chosen = this.choices.among(n + (rcu.queued > 0 ? 1 : 0))
    if (chosen >= n) return rcu.pass() || this.#sleep()
    clock.advance(TURN_NS)
    if (chosen < this.#woken.length) this.#woken.splice(chosen, 1)[0]!()
    else this.#step(ready[chosen - this.#woken.length]!, emitter)
    return true
  }

  /** Of the tasks that there are, the one that had most turns: it is what goes round. */
  #busiest(): Actor {
    const [first] = this.#tasks.toSorted((a, b) => b.turns - a.turns)
    return first?.actor ?? { pid: 0, comm: 'swapper' }
  }

  #step(task: Task, emitter: Emitter): void {
    task.inTurn = true
    task.turns++
    this.last = task.actor
    try {
      const step = emitter.as(task.actor, () => task.steps.next())
      if (step.done === true) this.#tasks.splice(this.#tasks.indexOf(task), 1)
      else task.pause = step.value
    } catch (error) {
      // The machine is down: others that wait in the middle of a call say nothing any more either.
      emitter.sink = null
      throw error
    } finally {
      task.inTurn = false
    }
  }

  #sleep(): boolean {
    const { clock } = this.#parts
    const due = [...this.#alarms].filter((ns) => ns > clock.now())
    if (due.length === 0 || !this.#tasks.some((task) => !task.inTurn)) return false
    clock.advanceTo(Math.min(...due))
    return true
  }
}
