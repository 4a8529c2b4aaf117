/** Tasks that go on while another one waits, one step each in turn. */
import type { Actor, Emitter } from '@devtrail/events'
import type { Pause, Steps } from '@devtrail/memremap'

interface Task {
  readonly actor: Actor
  readonly steps: Steps<unknown>
  pause: Pause
  isRunning: boolean
}

export class Background {
  readonly #emitter: Emitter
  readonly #tasks: Task[] = []

  constructor(emitter: Emitter) {
    this.#emitter = emitter
  }

  /** Tasks that have not ended. */
  get pending(): number {
    return this.#tasks.length
  }

  spawn(actor: Actor, steps: Steps<unknown>): void {
    this.#tasks.push({ actor, steps, pause: null, isRunning: false })
  }

  /** One step of the one that has waited longest and can go on; false when none can. */
  step(): boolean {
    const task = this.#tasks.find(({ isRunning, pause }) => !isRunning && pause?.until?.() !== false)
    if (task === undefined) return false
    task.isRunning = true
    this.#tasks.splice(this.#tasks.indexOf(task), 1)
    this.#tasks.push(task)
    let isOver = true
    try {
      const { done, value } = this.#emitter.as(task.actor, () => task.steps.next())
      isOver = done === true
      if (!isOver) task.pause = value as Pause
    } finally {
      task.isRunning = false
      if (isOver) this.#tasks.splice(this.#tasks.indexOf(task), 1)
    }
    return true
  }

  /** Until none can go on. */
  run(): void {
    while (this.step()) continue
  }
}
