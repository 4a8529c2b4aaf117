import { PercpuRefBug } from '../ref-struct.ts'
import { lateWorker } from './grace-period.ts'
import { header, lineOf, place } from './layout.ts'
import type { Said } from './said.ts'
import type { SharedStruct } from './shared-struct.ts'
import { SharedRefStall } from './stall.ts'
import { changed, within, type WaitLimits } from './waiting.ts'
import type { Workers } from './workers.ts'

/** How long a grace period may take before who waits for it is told, in milliseconds: as the kernel's RCU stall warning. */
export const GRACE_PERIOD_STALL_MS = 21_000

interface TeardownInit {
  readonly worker: number
  readonly said: Said
  /** Drops the reference that the switch held. */
  readonly endSwitch: () => void
}

/** From a kill to its release, as one thread waits for it. */
export class Teardown {
  readonly #ref: SharedStruct
  readonly #workers: Workers
  readonly #worker: number
  readonly #said: Said
  readonly #endSwitch: () => void
  #confirm: (() => void) | null = null
  #settling: Promise<void> | null = null

  constructor(ref: SharedStruct, workers: Workers, { worker, said, endSwitch }: TeardownInit) {
    this.#ref = ref
    this.#workers = workers
    this.#worker = worker
    this.#said = said
    this.#endSwitch = endSwitch
  }

  /** This thread has killed the ref. Where nobody has to be waited for, all is done when it returns. */
  begin(confirm: (() => void) | null): void {
    this.#confirm = confirm
    void this.#settled()
  }

  async confirmed(limits: WaitLimits): Promise<void> {
    const stalled = (cause: unknown): SharedRefStall =>
      new SharedRefStall('grace-period', { workers: this.#workers.states().filter(({ isLate }) => isLate), references: null, cause })
    // Mostly it is over when kill returns: a limit would cost more than the kill. What a callback threw is still to be told.
    if (!this.#ref.isSwitching) await this.#settling
    else await within(this.#settled(), { timeoutMs: GRACE_PERIOD_STALL_MS, ...limits }, stalled)
  }

  async released(limits: WaitLimits): Promise<void> {
    if (this.#ref.isReleased) return
    await within(this.#untilReleased(), limits, (cause) => {
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
    this.#settling ??= this.#settle().finally(() => (this.#settling = null))
    return this.#settling
  }

  async #settle(): Promise<void> {
    const { words } = this.#ref
    while (this.#ref.isSwitching) {
      if (!this.#mayEnd()) {
        await changed(words, header.SWITCHING, 1)
        continue
      }
      const late = lateWorker(words)
      if (late === null) return this.#end()
      await changed(words, lineOf(late.worker) + place.EPOCH, late.announced)
    }
  }

  /** Who killed ends the switch, since its callback is to be run; anybody, when that one has left. */
  #mayEnd(): boolean {
    const killer = Atomics.load(this.#ref.words, header.KILLER)
    return killer === this.#worker || !this.#workers.isTaken(killer)
  }

  /** percpu_ref_switch_to_atomic_rcu and percpu_ref_call_confirm_rcu. */
  #end(): void {
    if (!this.#ref.gather()) return
    const confirm = this.#confirm
    this.#confirm = null
    const seq = this.#said.say('percpu-ref/confirmed', { of: 'kill' })
    try {
      if (confirm !== null) this.#said.because(seq, confirm)
    } finally {
      this.#ref.endSwitch()
      this.#endSwitch()
    }
  }

  async #untilReleased(): Promise<void> {
    const { words } = this.#ref
    while (!this.#ref.isReleased) {
      this.#ref.checkAlive()
      const { count, isDying, isBiased } = this.#ref
      if (isDying && !isBiased && count < 0)
        throw new PercpuRefBug(`more references were put than taken: the count is ${count}, and the ref is never released`)
      await changed(words, header.RELEASED, 0)
    }
  }
}
