import type { AnyEvent, EventDeclaration } from '@devtrail/events'

/** A call that a task entered and has not been seen to leave. */
export interface OpenCall {
  readonly name: string
  readonly enter: AnyEvent
  readonly waitsFor: string | null
  /** False when a gap came since: the return may be missing. */
  sure: boolean
}

/** The calls every task is in, from the enter and return edges that event types declare. */
export class Tasks {
  readonly #stacks = new Map<string, { comm: string; calls: OpenCall[] }>()

  see(event: AnyEvent, declaration: EventDeclaration | undefined): void {
    if (event.type === 'log/gap' && event.data['model'] != null) return
    if (event.type === 'log/gap') {
      for (const { calls } of this.#stacks.values()) for (const call of calls) call.sure = false
      return
    }
    if (event.actor === null) return
    const { pid, comm } = event.actor
    // The idle task of each CPU shares pid 0.
    const key = pid === 0 ? `0/${event.cpu ?? '?'}` : String(pid)
    let stack = this.#stacks.get(key)
    if (stack !== undefined && stack.comm !== comm && comm !== '<...>' && stack.comm !== '<...>') {
      // Another program runs under this pid now: it cannot still be inside a call of the former one.
      this.#stacks.delete(key)
      stack = undefined
    }
    const call = declaration?.call
    // After a gap a task that goes on elsewhere has left the calls it was in, unless this is the return of one.
    if (stack !== undefined && call?.edge !== 'return') stack.calls = stack.calls.filter((c) => c.sure)
    if (call === undefined) return
    if (stack === undefined) this.#stacks.set(key, (stack = { comm, calls: [] }))
    if (call.edge === 'enter') {
      stack.calls.push({ name: call.name, enter: event, waitsFor: call.waitsFor ?? null, sure: true })
      return
    }
    const at = stack.calls.findLastIndex((c) => c.name === call.name)
    if (at >= 0) stack.calls.splice(at)
    if (stack.calls.length === 0) this.#stacks.delete(key)
  }

  /** Open calls by task, outermost first. */
  *open(): Generator<{ pid: number; comm: string; calls: readonly OpenCall[] }> {
    for (const [key, { comm, calls }] of this.#stacks) {
      if (calls.length > 0) yield { pid: Number(key.split('/')[0]), comm, calls }
    }
  }
}
