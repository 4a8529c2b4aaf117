/**
 * Waits for the pages of a DAX file to become idle (`ext4_break_layouts`, `xfs_break_dax_layouts`; Linux 6.1). A task looks
 * for a referenced page, sleeps on its count, and looks again when woken. Whether a put wakes is the put's affair.
 */
import { hex, type Actor, type Emitter, type Pfn } from '@devtrail/events'
import { pfnToPage } from './page-address.ts'
import type { MemremapPayload } from '../events.ts'

/** Runs a woken task: at once, or whenever the caller's scheduler picks it. */
export type Schedule = (task: () => void) => void

export interface IdleWaiter {
  readonly actor: Actor
  /** The function it waits in. */
  readonly call: string
  /** Unmaps the pages of the file and says which they are. */
  readonly pages: () => readonly Pfn[]
  /** Called when a search finds none, before anything else can happen. */
  readonly found: (() => void) | undefined
  /** The page it sleeps on; null once it returned. */
  waitsFor: Pfn | null
}

/** What a search needs to know of pages. */
export interface PageView {
  isBusy(pfn: Pfn): boolean
  pagemapOf(pfn: Pfn): number | null
}

export class IdleWaits {
  readonly #emitter: Emitter
  readonly #pages: PageView
  readonly #schedule: Schedule
  readonly #waiters = new Map<number, IdleWaiter>()
  readonly #whenSleeping: (any: boolean) => void

  /** `whenSleeping` is told whether any task sleeps, whenever that may have changed. */
  constructor(emitter: Emitter, pages: PageView, schedule: Schedule, whenSleeping: (any: boolean) => void = () => {}) {
    this.#whenSleeping = whenSleeping
    this.#emitter = emitter
    this.#pages = pages
    this.#schedule = schedule
  }

  /** Tasks that sleep, by pid. */
  get sleeping(): ReadonlyMap<number, IdleWaiter> {
    return this.#waiters
  }

  /**
   * Enters the wait for what `pages` gives at each search, on behalf of the emitter's actor. `found` is called when all are idle.
   * @throws Error without one, or when it waits already.
   */
  start(pages: () => readonly Pfn[], call: string, found?: () => void): IdleWaiter {
    const actor = this.#emitter.actor
    if (actor === null || this.#waiters.has(actor.pid)) {
      throw new Error(`a wait needs a task that does not wait yet, found ${actor?.pid ?? 'none'} (after event ${this.#emitter.seq})`)
    }
    const waiter: IdleWaiter = { actor, call, pages, found, waitsFor: null }
    this.#waiters.set(actor.pid, waiter)
    this.#whenSleeping(true)
    this.#emitter.emit<MemremapPayload>('memremap/idle-wait-started', { call, inode: null, returns: true })
    this.#search(waiter)
    return waiter
  }

  /** `wake_up_var` on a page's count; `cause` is the put. */
  wake(pfn: Pfn, cause: number): void {
    for (const waiter of this.#waiters.values()) {
      if (waiter.waitsFor !== pfn) continue
      this.#schedule(() => {
        if (waiter.waitsFor === pfn && !this.#pages.isBusy(pfn)) this.#emitter.because(cause, () => this.#as(waiter))
      })
    }
  }

  #as(waiter: IdleWaiter): void {
    const before = this.#emitter.actor
    this.#emitter.actor = waiter.actor
    try {
      this.#search(waiter)
    } finally {
      this.#emitter.actor = before
    }
  }

  #search(waiter: IdleWaiter): void {
    const say = this.#emitter
    say.emit<MemremapPayload>('memremap/busy-lookup-started', { mapping: hex(waiter.actor.pid), start: null, end: null, vmemmap: null })
    const busy = waiter.pages().find((pfn) => this.#pages.isBusy(pfn)) ?? null
    const page = busy === null ? null : pfnToPage(busy)
    say.emit<MemremapPayload>('memremap/busy-looked-up', { page, pfn: busy, pagemap: busy === null ? null : this.#pages.pagemapOf(busy) })
    waiter.waitsFor = busy
    if (busy !== null) return
    this.#waiters.delete(waiter.actor.pid)
    this.#whenSleeping(this.#waiters.size > 0)
    waiter.found?.()
    say.emit<MemremapPayload>('memremap/idle-wait-ended', { call: waiter.call, errno: 0 })
  }
}
