import type { Frame } from './frame.ts'
import { QuickCall } from './quick-call.ts'

/** What is remembered of a task between its entries. */
export interface Task {
  comm: string
  frames: Frame[]
  /** The call it entered last, where the straight way saw it. */
  readonly quick: QuickCall
  /** A region granted just now: the managed resource that follows says whose it is. */
  granted: { region: number; seq: number } | null
  /** The device whose devm_region_release runs: the release that follows is of its region. */
  releasing: number | null
  /** A node released just now by devm_release_region: the REM that follows says whose it was. */
  released: number | null
  /** The device whose devm_action_release runs. */
  acting: number | null
  /** A pagemap asked for just now by devm_memremap_pages. */
  requested: number | null
  /** The page whose pagemap was looked up just now: the grab that follows is of it. */
  looked: number | null
  /** The device whose disk is being taken away. */
  disk: number | null
}

const newTask = (comm: string): Task => ({
  comm,
  frames: [],
  quick: new QuickCall(),
  granted: null,
  releasing: null,
  released: null,
  acting: null,
  requested: null,
  looked: null,
  disk: null,
})

/** The tasks of a recording, each with the stack of calls it is in. */
export class TaskTable {
  /** By pid; the idle task of each CPU, which all have pid 0, by the CPU. */
  readonly #tasks = new Map<number, Task>()
  /** Changes whenever who is known by a pid may have changed. */
  version = 0
  /** The task asked for last: what it does comes in runs. */
  #last: { readonly pid: number; readonly cpu: number; readonly comm: string; readonly task: Task } | null = null

  /** The task of an entry; a pid under another name is another task, and calls of the former one are over. */
  of(pid: number, cpu: number, comm: string): Task {
    const last = this.#last
    if (last !== null && last.pid === pid && last.cpu === cpu && last.comm === comm) return last.task
    const task = this.#find(pid, cpu, comm)
    this.#last = { pid, cpu, comm, task }
    return task
  }

  #find(pid: number, cpu: number, comm: string): Task {
    const key = pid === 0 ? -1 - cpu : pid
    let task = this.#tasks.get(key)
    if (task === undefined || (task.comm !== comm && task.comm !== '<...>' && comm !== '<...>')) {
      this.#tasks.set(key, (task = newTask(comm)))
      this.version++
    }
    return task
  }

  /** After a gap nobody can be relied on to be where he was. */
  forget(): void {
    this.#tasks.clear()
    this.version++
    this.#last = null
  }
}

/** Takes the frame a return belongs to off the stack, with those above it whose returns were missed. */
export function popFrame(task: Task, symbol: string): Frame | null {
  const { frames } = task
  for (let at = frames.length - 1; at >= 0; at--) {
    const frame = frames[at]!
    if (frame.symbol !== symbol) continue
    if (at === frames.length - 1) frames.pop()
    else frames.length = at
    return frame
  }
  return null
}
