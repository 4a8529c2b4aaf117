import { PercpuRefBug } from '../ref-struct.ts'
import { epochOf, lateWorker } from './grace-period.ts'
import { header, lineOf, place } from './layout.ts'
import type { Said } from './said.ts'
import type { SharedStruct } from './shared-struct.ts'
import { SharedRefStall } from './stall.ts'
import type { Tenant } from './tenant.ts'
import { changed, checkLimits, within, type WaitLimits } from './waiting.ts'
import type { Workers } from './workers.ts'

/** How long a grace period may take before who waits for it is told, in milliseconds: as the kernel's RCU stall warning. */
export const GRACE_PERIOD_STALL_MS = 21_000

interface TeardownInit {
  readonly tenant: Tenant
  readonly said: Said
  /** Drops the reference that the switch held. */
  readonly endSwitch: () => void
}

/** From a kill to its release, as one thread waits for it. */
export class Teardown {
  readonly #ref: SharedStruct
  readonly #workers: Workers
  readonly #tenant: Tenant
  readonly #said: Said
  readonly #endSwitch: () => void
  #confirm: (() => void) | null = null
  #settling: Promise<void> | null = null
  /** It waits; one that is over stays in `#settling` for the rest of the turn, for what it threw. */
  #isUnderWay = false

  constructor(ref: SharedStruct, workers: Workers, { tenant, said, endSwitch }: TeardownInit) {
    this.#ref = ref
    this.#workers = workers
    this.#tenant = tenant
    this.#said = said
    this.#endSwitch = endSwitch
  }

  /** This thread has killed the ref. Where nobody has to be waited for, all is done when it returns. */
  begin(confirm: (() => void) | null): void {
    this.#confirm = confirm
    void this.#settled()
  }

  async confirmed(limits: WaitLimits): Promise<void> {
    checkLimits(limits)
    const stalled = (cause: unknown): SharedRefStall =>
      new SharedRefStall('grace-period', { workers: this.#workers.states().filter(({ isLate }) => isLate), references: null, cause })
    // Mostly it is over when kill returns: a limit would cost more than the kill. What a callback threw is still to be told.
    if (!this.#ref.isSwitching) await this.#settling
    else await within(this.#settled(), { ...limits, timeoutMs: limits.timeoutMs ?? GRACE_PERIOD_STALL_MS }, stalled)
  }

  /** Until release has run, once more than `before` times if the ref was brought back since. */
  async released(limits: WaitLimits, before: number): Promise<void> {
    checkLimits(limits)
    const isDone = (): boolean => this.#ref.isReleased || this.#ref.releases !== before
    if (isDone()) return
    await within(this.#until(isDone), limits, (cause) => {
      const workers = this.#workers.states().filter(({ held }) => held !== 0)
      return new SharedRefStall('references', {
        workers,
        references: this.#ref.isDying && !this.#ref.isBiased ? this.#ref.count : null,
        cause,
      })
    })
  }

  /** One wait at a time is enough for all who ask in this thread. */
  #settled(): Promise<void> {
    if (this.#isUnderWay && this.#settling !== null) return this.#settling
    const run = { isOver: false }
    const settling = this.#settle(run).finally(() => {
      if (this.#settling === settling) this.#settling = null
    })
    this.#settling = settling
    this.#isUnderWay = !run.isOver
    return settling
  }

  /** `run` is over in the very step that finds nothing to wait for: a kill that comes next begins another. */
  async #settle(run: { isOver: boolean }): Promise<void> {
    const { words } = this.#ref
    try {
      for (;;) {
        const news = Atomics.load(words, header.NEWS)
        const epoch = epochOf(words)
        if (!this.#ref.isSwitching) return
        if (!this.#ref.mayEndSwitch(this.#tenant)) {
          await changed(words, header.NEWS, news)
          continue
        }
        const late = lateWorker(words)
        if (late === null) this.#end(epoch)
        else await changed(words, lineOf(late.worker) + place.EPOCH, late.announced)
      }
    } finally {
      run.isOver = true
      this.#isUnderWay = false
    }
  }

  /** percpu_ref_switch_to_atomic_rcu and percpu_ref_call_confirm_rcu; nothing when another is to, or another kill came. */
  #end(epoch: number): void {
    if (!this.#ref.gather(this.#tenant, epoch)) return
    const confirm = this.#confirm
    this.#confirm = null
    const seq = this.#said.say('percpu-ref/confirmed', { of: 'kill' })
    try {
      if (confirm !== null) this.#said.because(seq, confirm)
    } finally {
      if (this.#ref.endSwitch(this.#tenant, epoch)) this.#endSwitch()
    }
  }

  async #until(isDone: () => boolean): Promise<void> {
    const { words } = this.#ref
    for (;;) {
      const news = Atomics.load(words, header.NEWS)
      if (isDone()) return
      this.#ref.checkAlive()
      const { count, isDying, isBiased } = this.#ref
      if (isDying && !isBiased && count < 0)
        throw new PercpuRefBug(`more references were put than taken: the count is ${count}, and the ref is never released`)
      await changed(words, header.NEWS, news)
    }
  }
}
