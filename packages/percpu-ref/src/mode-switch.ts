import { signed } from './flags.ts'
import { PercpuRefBug, type RefStruct } from './ref-struct.ts'
import type { PercpuRefRules } from './rules.ts'
import type { RcuScheduler } from './scheduler.ts'

/** Runs once no CPU counts in percpu mode any more. */
export type Confirm = (() => void) | null
/** What a switch to atomic mode is for. */
export type SwitchOf = 'kill' | 'switch'

/**
 * How a ref goes from percpu to atomic mode and back (lib/percpu-refcount.c). The way to atomic takes a grace period,
 * during which it holds a reference of its own; `switching` until its callback has run.
 */
export class ModeSwitch {
  readonly #ref: RefStruct
  readonly #scheduler: RcuScheduler
  readonly #rules: PercpuRefRules

  constructor(ref: RefStruct, scheduler: RcuScheduler, rules: PercpuRefRules) {
    this.#ref = ref
    this.#scheduler = scheduler
    this.#rules = rules
  }

  /** __percpu_ref_switch_mode (since 4.9): to the mode that the ref is to be in. */
  switchMode(confirm: Confirm, of: SwitchOf): void {
    this.waitForSwitch()
    if (this.#ref.forceAtomic || this.#ref.dead) this.toAtomic(confirm, of)
    else this.toPercpu()
  }

  /** __percpu_ref_switch_to_atomic. */
  toAtomic(confirm: Confirm, of: SwitchOf): void {
    const ref = this.#ref
    const confirmOnly = ref.atomic
    if (confirmOnly && confirm === null) return
    if (confirmOnly && this.#rules.confirmsAtOnce) return this.#confirm(confirm, of)
    if (confirmOnly) this.waitForSwitch()
    ref.atomic = ref.switching = true
    const seq = ref.events.on ? ref.say('percpu-ref/switch-started', { confirmOnly }) : 0
    ref.get(1, 'switch')
    this.#scheduler.callRcu(() => this.#afterGracePeriod(seq, confirmOnly, confirm, of))
  }

  /** __percpu_ref_switch_to_percpu. @throws PercpuRefBug when its counters are freed. */
  toPercpu(): void {
    const ref = this.#ref
    if (ref.freed) this.#bug('counters-freed', 'its counters are freed, and it was to go back to percpu mode')
    if (!ref.atomic) return
    if (!ref.allowReinit) return ref.warn('not-reinitialisable')
    if (!this.#rules.modeChangesWait) this.waitForSwitch()
    ref.counters.spread()
    ref.atomic = false
    ref.biased = true
    if (ref.events.on) ref.say('percpu-ref/switched-to-percpu', { count: ref.counters.shared })
  }

  /** wait_event(percpu_ref_switch_waitq, !confirm_switch). */
  waitForSwitch(): void {
    const ref = this.#ref
    if (!ref.switching) return
    if (ref.events.on) ref.say('percpu-ref/wait-started', {})
    this.#scheduler.waitUntil(() => !ref.switching)
    if (ref.events.on) ref.say('percpu-ref/wait-ended', {})
  }

  /** percpu_ref_switch_to_atomic_rcu and percpu_ref_call_confirm_rcu: run by RCU, on behalf of no task. */
  #afterGracePeriod(seq: number, confirmOnly: boolean, confirm: Confirm, of: SwitchOf): void {
    const ref = this.#ref
    const { actor } = ref.events
    ref.events.actor = null
    try {
      ref.events.because(seq, () => {
        if (ref.exited) this.#bug('switched-after-exit', 'its pending switch ran after percpu_ref_exit')
        if (!confirmOnly) this.#gather()
        try {
          this.#confirm(confirm, of)
        } finally {
          // Whoever waits for the switch is not to wait for ever for what its callback threw.
          this.#endSwitch()
          ref.put(1, 'switch')
        }
      })
    } finally {
      ref.events.actor = actor
    }
  }

  #gather(): void {
    const ref = this.#ref
    const sum = ref.counters.sum()
    ref.counters.gather(sum)
    ref.biased = false
    const count = ref.counters.shared
    if (ref.events.on) ref.say('percpu-ref/switched-to-atomic', { sum, count })
    if (signed(count) > 0n) return
    const text = `percpu ref (${ref.releaseName}) <= 0 (${signed(count)}) after switching to atomic`
    ref.warn('not-positive', { count, text })
  }

  #confirm(confirm: Confirm, of: SwitchOf): void {
    if (confirm === null) return
    const { events } = this.#ref
    const seq = events.on ? this.#ref.say('percpu-ref/confirmed', { of }) : 0
    events.because(seq, confirm)
  }

  #endSwitch(): void {
    const ref = this.#ref
    ref.switching = false
    if (ref.events.on) ref.say('percpu-ref/switch-ended', {})
    if (ref.allowReinit) return
    ref.freeCounters()
    if (ref.events.on) ref.say('percpu-ref/counters-freed', {})
  }

  #bug(warning: 'counters-freed' | 'switched-after-exit', what: string): never {
    if (this.#ref.events.on) this.#ref.say('percpu-ref/warned', { warning, count: null, text: null })
    throw new PercpuRefBug(`percpu_ref ${this.#ref.id}: ${what} (event ${this.#ref.events.seq})`)
  }
}
