/**
 * A reference count that is spread over the CPUs while it lives and gathered into one counter when it is killed
 * (include/linux/percpu-refcount.h). The protocol: whoever owns the ref kills it once, which drops the initial
 * reference; users put theirs whenever they like; the put that lands on zero runs release. In percpu mode zero is
 * never noticed, so a ref that is not killed is not released. Between kill and its confirm callback a grace period
 * passes, after which no tryget_live succeeds any more.
 */
import type { DeviceId, Emitter, Said } from '@devtrail/events'
import { Counters } from './counters.ts'
import type { PercpuRefPayload, PercpuRefWarning, ReferenceKind } from './events.ts'
import { ALLOW_REINIT, BIAS, INIT_ATOMIC, INIT_DEAD, signed } from './flags.ts'
import { percpuRefRules, type PercpuRefRules, type Rules } from './rules.ts'
import type { RcuScheduler } from './scheduler.ts'
import type { RefWords } from './state.ts'

/** What refs share: where they run and where they say what happens. The current CPU is `events.cpu` (null: 0). */
export interface PercpuRefMachine {
  readonly events: Emitter
  readonly scheduler: RcuScheduler
  /** How many CPUs there are, from 1. */
  readonly cpus: number
  readonly rules: Rules
}

export type RefCallback = (ref: PercpuRef) => void

export interface PercpuRefInit {
  /** The identity that events name. */
  readonly id: string
  /** Run synchronously by whoever's put lands on zero; must not wait. */
  readonly release: RefCallback
  /** {@link INIT_ATOMIC}, {@link INIT_DEAD}, {@link ALLOW_REINIT}, or'ed. */
  readonly flags?: number
  readonly device?: DeviceId
}

/** The kernel would have stopped here (BUG), or gone on with freed memory: a broken promise of the caller. */
export class PercpuRefBug extends Error {
  override readonly name = 'PercpuRefBug'
}

type Type = PercpuRefPayload['type']
type Body<T extends Type> = Omit<Extract<PercpuRefPayload, { type: T }>['data'], 'ref'>

export class PercpuRef {
  readonly id: string
  readonly #events: Emitter
  readonly #scheduler: RcuScheduler
  readonly #rules: PercpuRefRules
  readonly #said: Said | undefined
  readonly #release: RefCallback
  readonly #counters: Counters
  readonly #allowReinit: boolean
  #atomic: boolean
  #dead: boolean
  #biased: boolean
  #forceAtomic: boolean
  #switching = false
  #freed = false
  #exited = false

  /** percpu_ref_init. Allocation does not fail here. */
  constructor(machine: PercpuRefMachine, { id, release, flags = 0, device }: PercpuRefInit) {
    this.id = id
    this.#events = machine.events
    this.#scheduler = machine.scheduler
    this.#rules = percpuRefRules[machine.rules]
    this.#said = device === undefined ? undefined : { device }
    this.#release = release
    this.#counters = new Counters(machine.cpus)
    this.#atomic = (flags & (INIT_ATOMIC | INIT_DEAD)) !== 0
    this.#dead = (flags & INIT_DEAD) !== 0
    this.#biased = !this.#atomic
    this.#forceAtomic = (flags & INIT_ATOMIC) !== 0
    this.#allowReinit = !this.#rules.freesCounters || (flags & (INIT_ATOMIC | INIT_DEAD | ALLOW_REINIT)) !== 0
    this.#counters.shared = this.#dead ? 0n : this.#atomic ? 1n : BIAS + 1n
    if (this.#events.on) {
      this.#say('percpu-ref/initialised', {
        device: device ?? null,
        release: release.name || null,
        cpus: machine.cpus,
        atomic: this.#atomic,
        dead: this.#dead,
        count: this.#counters.shared,
        forceAtomic: this.#forceAtomic,
        allowReinit: this.#allowReinit,
      })
    }
  }

  /** percpu_ref_get: takes a reference, unchecked. */
  get(): void {
    this.getMany(1)
  }

  /** percpu_ref_get_many. @throws RangeError unless 0 ≤ n < 2^53. */
  getMany(n: number): void {
    this.#get(n, 'user')
  }

  /** percpu_ref_put: drops a reference; outside percpu mode the one that lands on zero runs release. */
  put(): void {
    this.putMany(1)
  }

  /** percpu_ref_put_many; `n` as in {@link getMany}. Below zero is not noticed, as in the kernel. */
  putMany(n: number): void {
    this.#put(n, 'user')
  }

  /** percpu_ref_tryget (with n: percpu_ref_tryget_many, since 5.6): a reference unless the count is zero, dead or not. */
  tryGet(n = 1): boolean {
    if (n !== 1 && !this.#rules.canTryMany) throw new TypeError('percpu_ref_tryget_many is not in the kernel of the seed')
    return this.#try('tryget', n, true)
  }

  /** percpu_ref_tryget_live: a reference unless the ref is dead or its count is zero. */
  tryGetLive(): boolean {
    return this.#try('tryget-live', 1, !this.#dead)
  }

  /** percpu_ref_is_dying. */
  get isDying(): boolean {
    return this.#dead
  }

  /** percpu_ref_is_zero: never true in percpu mode; after exit it tells of the count that was left. */
  get isZero(): boolean {
    return this.#atomic && this.#counters.shared === 0n
  }

  /** percpu_ref_kill: marks the ref dead, starts the switch to atomic mode and drops the initial reference. */
  kill(): void {
    this.killAndConfirm(null)
  }

  /** percpu_ref_kill_and_confirm: `confirm` runs once no tryget_live can succeed any more, before release. */
  killAndConfirm(confirm: RefCallback | null): void {
    this.#alive()
    const again = this.#dead
    if (again) this.#warn('killed-twice', { text: `percpu_ref_kill_and_confirm called more than once on ${this.#release.name}!` })
    this.#dead = true
    const seq = this.#events.on ? this.#say('percpu-ref/killed', { again, confirm: confirm !== null }) : 0
    this.#events.because(seq, () => {
      if (this.#rules.modeChangesWait) this.#switchMode(confirm, 'kill')
      else this.#toAtomic(confirm, 'kill')
      this.#put(1, 'initial')
    })
  }

  /** percpu_ref_switch_to_atomic: for good, until {@link switchToPercpu}. */
  switchToAtomic(confirm: RefCallback | null = null): void {
    this.#request('atomic')
    if (this.#rules.modeChangesWait) this.#switchMode(confirm, 'switch')
    else this.#toAtomic(confirm, 'switch')
  }

  /** percpu_ref_switch_to_percpu: a dead ref follows only when it is brought back. */
  switchToPercpu(): void {
    this.#request('percpu')
    if (this.#rules.modeChangesWait) this.#switchMode(null, 'switch')
    else if (!this.#dead) this.#toPercpu()
  }

  /** percpu_ref_reinit: brings back a dead ref whose count is zero, with one initial reference. */
  reinit(): void {
    this.#alive()
    if (!this.isZero) this.#warn('reinit-not-zero')
    if (this.#rules.canResurrect) return this.#revive('percpu-ref/reinitialised')
    this.#dead = false
    if (this.#events.on) this.#say('percpu-ref/reinitialised', {})
    this.#get(1, 'initial')
    if (!this.#forceAtomic) this.#toPercpu()
  }

  /** percpu_ref_resurrect (since 4.20): brings back a dead ref that was not released. */
  resurrect(): void {
    this.#alive()
    if (!this.#rules.canResurrect) throw new TypeError('percpu_ref_resurrect is not in the kernel of the seed')
    this.#revive('percpu-ref/resurrected')
  }

  /** percpu_ref_exit: frees the counters. A second call does nothing. */
  exit(): void {
    if (this.#exited) return
    if (!this.#freed && this.#switching && this.#rules.exitWarns) this.#warn('exit-while-switching')
    this.#atomic = this.#dead = this.#freed = this.#exited = true
    if (this.#events.on) this.#say('percpu-ref/exited', { count: this.#counters.shared })
  }

  /** What the struct holds now. */
  snapshot(): RefWords {
    return {
      atomic: this.#atomic,
      dead: this.#dead,
      count: this.#counters.shared,
      perCpu: this.#counters.perCpu(),
      biased: this.#biased,
      forceAtomic: this.#forceAtomic,
      allowReinit: this.#allowReinit,
      switching: this.#switching,
      freed: this.#freed,
      exited: this.#exited,
    }
  }

  #say<T extends Type>(type: T, body: Body<T>): number {
    return this.#events.emit<PercpuRefPayload>(type, { ref: this.id, ...body }, this.#said)
  }

  #warn(warning: PercpuRefWarning, { text = null, count = null }: { text?: string | null; count?: bigint | null } = {}): void {
    if (this.#events.on) this.#say('percpu-ref/warned', { warning, count, text })
  }

  #alive(): void {
    if (this.#exited) throw new PercpuRefBug(`percpu_ref ${this.id} is used after percpu_ref_exit (after event ${this.#events.seq})`)
  }

  /** Adds to the counter in use; returns its CPU, or null for the shared one. */
  #add(n: number, sign: 1n | -1n): number | null {
    this.#alive()
    if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`a number of references is a whole number from 0, found ${n}`)
    if (this.#atomic) {
      this.#counters.addShared(sign * BigInt(n))
      return null
    }
    const cpu = this.#events.cpu ?? 0
    this.#counters.addOn(cpu, sign * BigInt(n))
    return cpu
  }

  #get(n: number, of: ReferenceKind): void {
    const cpu = this.#add(n, 1n)
    if (this.#events.on) this.#say('percpu-ref/got', { n, cpu, of })
  }

  #put(n: number, of: ReferenceKind): void {
    const cpu = this.#add(n, -1n)
    const seq = this.#events.on ? this.#say('percpu-ref/put', { n, cpu, of }) : 0
    if (cpu !== null || this.#counters.shared !== 0n) return
    this.#events.because(seq, () => {
      if (this.#events.on) this.#say('percpu-ref/released', {})
      this.#release(this)
    })
  }

  #try(call: 'tryget' | 'tryget-live', n: number, allowed: boolean): boolean {
    this.#alive()
    const ok = allowed && (!this.#atomic || this.#counters.shared !== 0n)
    const cpu = ok ? this.#add(n, 1n) : null
    if (this.#events.on) this.#say('percpu-ref/tried', { n, cpu, call, ok })
    return ok
  }

  #request(to: 'atomic' | 'percpu'): void {
    this.#alive()
    this.#forceAtomic = to === 'atomic'
    if (this.#events.on) this.#say('percpu-ref/switch-requested', { to })
  }

  /** percpu_ref_resurrect, as reinit of 6.1 ends in it too. */
  #revive(type: 'percpu-ref/reinitialised' | 'percpu-ref/resurrected'): void {
    if (!this.#dead) this.#warn('resurrect-not-dead')
    if (!this.#atomic) this.#warn('resurrect-percpu')
    this.#dead = false
    if (this.#events.on) this.#say(type, {})
    this.#get(1, 'initial')
    this.#switchMode(null, 'switch')
  }

  /** wait_event(percpu_ref_switch_waitq, !confirm_switch). */
  #waitForSwitch(): void {
    if (!this.#switching) return
    if (this.#events.on) this.#say('percpu-ref/wait-started', {})
    this.#scheduler.waitUntil(() => !this.#switching)
    if (this.#events.on) this.#say('percpu-ref/wait-ended', {})
  }

  /** __percpu_ref_switch_mode (since 4.9). */
  #switchMode(confirm: RefCallback | null, of: 'kill' | 'switch'): void {
    this.#waitForSwitch()
    if (this.#forceAtomic || this.#dead) this.#toAtomic(confirm, of)
    else this.#toPercpu()
  }

  /** __percpu_ref_switch_to_atomic. */
  #toAtomic(confirm: RefCallback | null, of: 'kill' | 'switch'): void {
    const confirmOnly = this.#atomic
    if (confirmOnly && confirm === null) return
    if (confirmOnly && this.#rules.confirmsAtOnce) return this.#confirm(confirm, of)
    if (confirmOnly) this.#waitForSwitch()
    this.#atomic = this.#switching = true
    const seq = this.#events.on ? this.#say('percpu-ref/switch-started', { confirmOnly }) : 0
    this.#get(1, 'switch')
    this.#scheduler.callRcu(() => this.#afterGracePeriod(seq, confirmOnly, confirm, of))
  }

  /** percpu_ref_switch_to_atomic_rcu and percpu_ref_call_confirm_rcu: run by RCU, on behalf of no task. */
  #afterGracePeriod(seq: number, confirmOnly: boolean, confirm: RefCallback | null, of: 'kill' | 'switch'): void {
    const { actor } = this.#events
    this.#events.actor = null
    try {
      this.#events.because(seq, () => {
        if (this.#exited) this.#bug('switched-after-exit', 'its pending switch ran after percpu_ref_exit')
        if (!confirmOnly) this.#gather()
        this.#confirm(confirm, of)
        this.#endSwitch()
        this.#put(1, 'switch')
      })
    } finally {
      this.#events.actor = actor
    }
  }

  #gather(): void {
    const sum = this.#counters.sum()
    this.#counters.gather(sum)
    this.#biased = false
    const count = this.#counters.shared
    if (this.#events.on) this.#say('percpu-ref/switched-to-atomic', { sum, count })
    if (signed(count) > 0n) return
    const text = `percpu ref (${this.#release.name}) <= 0 (${signed(count)}) after switching to atomic`
    this.#warn('not-positive', { count, text })
  }

  #confirm(confirm: RefCallback | null, of: 'kill' | 'switch'): void {
    if (confirm === null) return
    const seq = this.#events.on ? this.#say('percpu-ref/confirmed', { of }) : 0
    this.#events.because(seq, () => confirm(this))
  }

  #endSwitch(): void {
    this.#switching = false
    if (this.#events.on) this.#say('percpu-ref/switch-ended', {})
    if (this.#allowReinit) return
    this.#atomic = this.#dead = this.#freed = true
    if (this.#events.on) this.#say('percpu-ref/counters-freed', {})
  }

  /** __percpu_ref_switch_to_percpu. */
  #toPercpu(): void {
    if (this.#freed) this.#bug('counters-freed', 'its counters are freed, and it was to go back to percpu mode')
    if (!this.#atomic) return
    if (!this.#allowReinit) return this.#warn('not-reinitialisable')
    if (!this.#rules.modeChangesWait) this.#waitForSwitch()
    this.#counters.spread()
    this.#atomic = false
    this.#biased = true
    if (this.#events.on) this.#say('percpu-ref/switched-to-percpu', { count: this.#counters.shared })
  }

  #bug(warning: 'counters-freed' | 'switched-after-exit', what: string): never {
    this.#warn(warning)
    throw new PercpuRefBug(`percpu_ref ${this.id}: ${what} (event ${this.#events.seq})`)
  }
}
