/**
 * A reference count that is spread over the CPUs while it lives and gathered into one counter when it is killed
 * (include/linux/percpu-refcount.h). The protocol: whoever owns the ref kills it once, which drops the initial
 * reference; users put theirs whenever they like; the put that lands on zero runs release. In percpu mode zero is
 * never noticed, so a ref that is not killed is not released. Between kill and its confirm callback a grace period
 * passes, after which no tryget_live succeeds any more.
 */
import type { DeviceId, Emitter } from '@devtrail/events'
import { checkInit, mustBeNamed } from './flags.ts'
import { ModeSwitch, type Confirm } from './mode-switch.ts'
import { PercpuRefNoMemory, type RefMemory } from './memory.ts'
import type { PercpuArea } from './percpu-area.ts'
import { RefStruct } from './ref-struct.ts'
import { rulesOf, type PercpuRefRules, type Rules } from './rules.ts'
import type { RcuScheduler } from './scheduler.ts'
import type { RefWords } from './state.ts'
import type { Warnings } from './warnings.ts'

/** percpu_ref_exit of 6.1 keeps the count in the pointer word, beside the two flags. */
const savedCountBits = 62

/** What refs share: where they run and where they say what happens. The current CPU is `events.cpu` (null: 0). */
export interface PercpuRefMachine extends RefMemory {
  readonly events: Emitter
  readonly scheduler: RcuScheduler
  /** How many CPUs there are, from 1. */
  readonly cpus: number
  /** Whose behaviour: the seed's (4.1 to 4.8) or that of Linux 6.1. */
  readonly rules: Rules
  /** Where the per-CPU words of all of them lie close together; for as many CPUs. Left out, each has its own. */
  readonly area?: PercpuArea
  /** How they warn; left out, every time, as an event. */
  readonly warnings?: Warnings
}

/** A release or confirm callback; its name is what events and warnings show. */
export type RefCallback = (ref: PercpuRef) => void

/** What percpu_ref_init takes. */
export interface PercpuRefInit {
  /** The identity that events name: a pointer as the kernel prints it (`0xff3fdf9104201e50`), or a name of your own. */
  readonly id: string
  /** Run synchronously by whoever's put lands on zero; must not wait. */
  readonly release: RefCallback
  /** `INIT_ATOMIC`, `INIT_DEAD`, `ALLOW_REINIT`, or'ed. */
  readonly flags?: number
  /** The device it belongs to, for who asks for the refs of one. */
  readonly device?: DeviceId
}

/** struct percpu_ref, simulated: as lib/percpu-refcount.c of the machine's era, with every change said as an event. */
export class PercpuRef {
  readonly id: string
  readonly #ref: RefStruct
  readonly #mode: ModeSwitch
  readonly #rules: PercpuRefRules
  readonly #scheduler: RcuScheduler

  /**
   * percpu_ref_init, where there is memory for sure. @throws PercpuRefNoMemory where there is none: see {@link PercpuRef.init}. RangeError
   * for CPUs, flags or rules that are none, TypeError for an id that is no text.
   */
  constructor(machine: PercpuRefMachine, { id, release, flags = 0, device }: PercpuRefInit) {
    mustBeNamed(id)
    this.id = id
    this.#rules = rulesOf(machine.rules)
    checkInit(machine.cpus, flags)
    this.#scheduler = machine.scheduler
    this.#ref = new RefStruct(machine, this.#rules, { id, flags, device, releaseName: release.name, release: () => release(this) })
    this.#mode = new ModeSwitch(this.#ref, machine.scheduler, this.#rules)
  }

  /** percpu_ref_init: the ref, or null (-ENOMEM) when one of its allocations fails; nothing is left of it then. */
  static init(machine: PercpuRefMachine, init: PercpuRefInit): PercpuRef | null {
    try {
      return new PercpuRef(machine, init)
    } catch (error) {
      if (error instanceof PercpuRefNoMemory) return null
      throw error
    }
  }

  /** percpu_ref_get: takes a reference, unchecked. */
  get(): void {
    if (!this.#ref.countOne(1)) this.getMany(1)
  }

  /** percpu_ref_get_many. @throws RangeError unless 0 ≤ n < 2^53. */
  getMany(n: number): void {
    this.#ref.get(n, 'user')
  }

  /** percpu_ref_put: drops a reference; outside percpu mode the one that lands on zero runs release. */
  put(): void {
    if (!this.#ref.countOne(-1)) this.putMany(1)
  }

  /** percpu_ref_put_many; `n` as in {@link getMany}. Below zero is not noticed, as in the kernel. */
  putMany(n: number): void {
    this.#ref.put(n, 'user')
  }

  /** percpu_ref_tryget: a reference unless the count is zero, dead or not. */
  tryGet(): boolean {
    return this.#try('tryget', 1, true)
  }

  /** percpu_ref_tryget_many (since 5.6): all `n` or none; `n` as in {@link getMany}. @throws TypeError under the rules of the seed. */
  tryGetMany(n: number): boolean {
    if (!this.#rules.canTryMany) throw new TypeError('percpu_ref_tryget_many is not in the kernel of the seed')
    return this.#try('tryget', n, true)
  }

  /** percpu_ref_tryget_live: a reference unless the ref is dead or its count is zero. */
  tryGetLive(): boolean {
    return this.#ref.countOne(1) || this.#try('tryget-live', 1, !this.#ref.dead)
  }

  /**
   * percpu_ref_tryget_live_rcu (since 5.16): {@link tryGetLive} for callers inside a read section of their own. Warns
   * when the scheduler says that they are in none. @throws TypeError under the rules of the seed.
   */
  tryGetLiveRcu(): boolean {
    if (!this.#rules.canTryLiveRcu) throw new TypeError('percpu_ref_tryget_live_rcu is not in the kernel of the seed')
    if (this.#scheduler.readLockHeld === false) this.#ref.warn('not-in-read-section')
    return this.tryGetLive()
  }

  /** Where in the machine's area its per-CPU words are (`percpu_count_ptr`); 0 once they are freed. */
  get wordsAt(): number {
    return this.#ref.counters.at
  }

  /** percpu_ref_is_dying. */
  get isDying(): boolean {
    return this.#ref.dead
  }

  /** Whether it was torn down (percpu_ref_exit). */
  get isExited(): boolean {
    return this.#ref.exited
  }

  /** percpu_ref_is_zero: never true in percpu mode; after exit it tells of the count that was left, without its top two bits. */
  get isZero(): boolean {
    const { atomic, exited, counters } = this.#ref
    return atomic && (exited ? BigInt.asUintN(savedCountBits, counters.shared) : counters.shared) === 0n
  }

  /** percpu_ref_kill: marks the ref dead, starts the switch to atomic mode and drops the initial reference. */
  kill(): void {
    this.killAndConfirm(null)
  }

  /** percpu_ref_kill_and_confirm: `confirm` runs once no tryget_live can succeed any more, before release. */
  killAndConfirm(confirm: RefCallback | null): void {
    const ref = this.#ref
    ref.checkAlive()
    const again = ref.dead
    if (again) ref.warn('killed-twice', { text: `percpu_ref_kill_and_confirm called more than once on ${ref.releaseName}!` })
    ref.dead = true
    const seq = ref.events.on ? ref.say('percpu-ref/killed', { again, confirm: confirm !== null }) : 0
    ref.events.because(seq, () => {
      if (this.#rules.modeChangesWait) this.#mode.switchMode(this.#confirming(confirm), 'kill')
      else this.#mode.toAtomic(this.#confirming(confirm), 'kill')
      ref.put(1, 'initial')
    })
  }

  /** percpu_ref_switch_to_atomic: for good, until {@link switchToPercpu}. */
  switchToAtomic(confirm: RefCallback | null = null): void {
    this.#request('atomic')
    if (this.#rules.modeChangesWait) this.#mode.switchMode(this.#confirming(confirm), 'switch')
    else this.#mode.toAtomic(this.#confirming(confirm), 'switch')
  }

  /** percpu_ref_switch_to_atomic_sync (since 4.13): returns when the switch is over. @throws TypeError under the rules of the seed. */
  switchToAtomicSync(): void {
    if (!this.#rules.canSwitchSync) throw new TypeError('percpu_ref_switch_to_atomic_sync is not in the kernel of the seed')
    this.switchToAtomic()
    this.#mode.waitForSwitch()
  }

  /** percpu_ref_switch_to_percpu: a dead ref follows only when it is brought back. */
  switchToPercpu(): void {
    this.#request('percpu')
    if (this.#rules.modeChangesWait) this.#mode.switchMode(null, 'switch')
    else if (!this.#ref.dead) this.#mode.toPercpu()
  }

  /** percpu_ref_reinit: brings back a dead ref whose count is zero, with one initial reference. */
  reinit(): void {
    const ref = this.#ref
    ref.checkAlive()
    if (!this.isZero) ref.warn('reinit-not-zero')
    if (this.#rules.canResurrect) return this.#revive('percpu-ref/reinitialised')
    ref.dead = false
    if (ref.events.on) ref.say('percpu-ref/reinitialised', {})
    ref.get(1, 'initial')
    if (!ref.forceAtomic) this.#mode.toPercpu()
  }

  /** percpu_ref_resurrect (since 4.20): brings back a dead ref that was not released. */
  resurrect(): void {
    this.#ref.checkAlive()
    if (!this.#rules.canResurrect) throw new TypeError('percpu_ref_resurrect is not in the kernel of the seed')
    this.#revive('percpu-ref/resurrected')
  }

  /** percpu_ref_exit: frees the counters. A second call does nothing. */
  exit(): void {
    const ref = this.#ref
    if (ref.exited) return
    if (!ref.freed && ref.switching && this.#rules.exitWarns) ref.warn('exit-while-switching')
    // A ref whose counters went with an earlier switch keeps its flags as they are, brought back or not.
    if (!ref.freed) ref.freeCounters()
    ref.freeData()
    ref.exited = true
    if (ref.events.on) ref.say('percpu-ref/exited', { count: ref.counters.shared })
  }

  /** What the struct holds now. */
  snapshot(): RefWords {
    return this.#ref.words()
  }

  #try(call: 'tryget' | 'tryget-live', n: number, allowed: boolean): boolean {
    const ref = this.#ref
    if (allowed) ref.checkAlive()
    const ok = allowed && (!ref.atomic || ref.counters.shared !== 0n)
    const cpu = ok ? ref.add(n) : null
    if (ref.events.on) ref.say('percpu-ref/tried', { n, cpu, call, ok })
    return ok
  }

  #confirming(confirm: RefCallback | null): Confirm {
    return confirm === null ? null : () => confirm(this)
  }

  #request(to: 'atomic' | 'percpu'): void {
    const ref = this.#ref
    ref.checkAlive()
    ref.forceAtomic = to === 'atomic'
    if (ref.events.on) ref.say('percpu-ref/switch-requested', { to })
  }

  /** percpu_ref_resurrect, as reinit of 6.1 ends in it too. */
  #revive(type: 'percpu-ref/reinitialised' | 'percpu-ref/resurrected'): void {
    const ref = this.#ref
    if (!ref.dead) ref.warn('resurrect-not-dead')
    if (!ref.atomic) ref.warn('resurrect-percpu')
    ref.dead = false
    if (ref.events.on) ref.say(type, {})
    ref.get(1, 'initial')
    this.#mode.switchMode(null, 'switch')
  }
}
