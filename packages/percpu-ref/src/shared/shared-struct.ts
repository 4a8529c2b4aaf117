import { PercpuRefBug } from '../ref-struct.ts'
import type { RefWords } from '../state.ts'
import { epochOf, raiseEpoch } from './grace-period.ts'
import { ATOMIC, BIAS32, CLOSED, COUNTER, DEAD, EXITED, GATE, header, lineOf, place } from './layout.ts'
import { locked } from './lock.ts'
import { wide, type Said } from './said.ts'
import { isThere, type Tenant } from './tenant.ts'
import { tell } from './waiting.ts'

/** The words of a shared ref, as one thread reads and changes them; what is the same in every mode, and the ways between modes. */
export class SharedStruct {
  readonly words: Int32Array
  readonly #said: Said

  constructor(words: Int32Array, said: Said) {
    this.words = words
    this.#said = said
  }

  get isDying(): boolean {
    return (this.#mode & DEAD) !== 0
  }

  get isExited(): boolean {
    return (this.#mode & EXITED) !== 0
  }

  get isSwitching(): boolean {
    return Atomics.load(this.words, header.SWITCHING) === 1
  }

  get isBiased(): boolean {
    return Atomics.load(this.words, header.BIASED) === 1
  }

  get isReleased(): boolean {
    return Atomics.load(this.words, header.RELEASED) === 1
  }

  /** How often release has run. */
  get releases(): number {
    return Atomics.load(this.words, header.RELEASES)
  }

  /** The shared counter is zero, and all there is. */
  get isZero(): boolean {
    return this.isDying && !this.isBiased && this.count === 0
  }

  /** The shared counter, signed. */
  get count(): number {
    return Atomics.load(this.words, header.COUNT)
  }

  get #mode(): number {
    return Atomics.load(this.words, header.MODE)
  }

  /** percpu_ref_init, in words that nobody else has yet. */
  initialise(isDead: boolean, release: string | null): void {
    const count = isDead ? 0 : BIAS32 + 1
    this.words[header.COUNT] = count
    this.words[header.BIASED] = Number(!isDead)
    // There is nothing to wait for before it is brought back.
    this.words[header.RELEASED] = Number(isDead)
    this.#setMode(isDead ? ATOMIC | DEAD : 0)
    this.#said.say('percpu-ref/initialised', {
      device: null,
      release,
      cpus: this.words[header.WORKERS]!,
      atomic: isDead,
      dead: isDead,
      count: wide(count, !isDead),
      forceAtomic: false,
      allowReinit: true,
    })
  }

  /** Adds to the shared counter; what it is then. */
  add(n: number): number {
    return (Atomics.add(this.words, header.COUNT, n) + n) | 0
  }

  /** atomic_long_add_unless(n, 0). */
  addUnlessZero(n: number): boolean {
    for (let count = this.count; count !== 0;) {
      const found = Atomics.compareExchange(this.words, header.COUNT, count, (count + n) | 0)
      if (found === count) return true
      count = found
    }
    return false
  }

  setReleased(): void {
    Atomics.add(this.words, header.RELEASES, 1)
    Atomics.store(this.words, header.RELEASED, 1)
    tell(this.words)
  }

  /** percpu_ref_kill_and_confirm as far as it goes without waiting. False when the ref was dead already. */
  kill(killer: Tenant): boolean {
    return locked(this.words, () => {
      this.checkAlive()
      if (this.isDying) return false
      const seq = this.#said.say('percpu-ref/killed', { again: false, confirm: true })
      this.#said.because(seq, () => {
        this.#setKiller(killer)
        Atomics.store(this.words, header.SWITCHING, 1)
        this.#setMode(ATOMIC | DEAD)
        raiseEpoch(this.words)
        this.#said.say('percpu-ref/switch-started', { confirmOnly: false })
        this.add(1)
        this.#said.say('percpu-ref/got', { n: 1, cpu: null, of: 'switch' })
        this.add(-1)
        this.#said.say('percpu-ref/put', { n: 1, cpu: null, of: 'initial' })
      })
      return true
    })
  }

  /**
   * Whether this worker is to end the switch: who killed, since its callback is to be run; anybody, when that one has left. Who begins
   * to end it is then as who killed.
   */
  mayEndSwitch({ worker, tenancy }: Tenant): boolean {
    const killer = { worker: Atomics.load(this.words, header.KILLER), tenancy: Atomics.load(this.words, header.KILLER_TENANCY) }
    return killer.worker === worker && killer.tenancy === tenancy ? this.isBiased : !isThere(this.words, killer)
  }

  /** percpu_ref_switch_to_atomic_rcu, after the grace period of that epoch. False when it is not, or no longer, for this worker to do. */
  gather(ender: Tenant, epoch: number): boolean {
    return locked(this.words, () => {
      if (!this.isSwitching || epochOf(this.words) !== epoch || !this.mayEndSwitch(ender)) return false
      this.#setKiller(ender)
      // Whoever began to end it has left in its callback.
      if (!this.isBiased) return true
      let sum = 0
      for (const line of this.#lines()) sum = (sum + this.words[line + COUNTER]! - this.words[line + place.LEFT]!) | 0
      const count = this.add(sum - BIAS32)
      Atomics.store(this.words, header.BIASED, 0)
      this.#said.say('percpu-ref/switched-to-atomic', { sum: wide(sum), count: wide(count) })
      if (count <= 0) this.#said.say('percpu-ref/warned', { warning: 'not-positive', count: wide(count), text: null })
      return true
    })
  }

  /** False when another has, since this worker left meanwhile. */
  endSwitch(ender: Tenant, epoch: number): boolean {
    return locked(this.words, () => {
      if (!this.isSwitching || epochOf(this.words) !== epoch || Atomics.load(this.words, header.KILLER) !== ender.worker) return false
      if (Atomics.load(this.words, header.KILLER_TENANCY) !== ender.tenancy) return false
      Atomics.store(this.words, header.SWITCHING, 0)
      tell(this.words)
      this.#said.say('percpu-ref/switch-ended', {})
      return true
    })
  }

  /** percpu_ref_reinit and percpu_ref_resurrect of a ref that is dead and not switching. @throws PercpuRefBug for another. */
  revive(type: 'percpu-ref/reinitialised' | 'percpu-ref/resurrected'): void {
    locked(this.words, () => {
      this.checkAlive()
      if (!this.isDying) throw new PercpuRefBug('the ref is not dead: there is nothing to bring back')
      if (this.isSwitching) throw new PercpuRefBug('the ref was just killed: its kill is not confirmed yet')
      const { count } = this
      if (type === 'percpu-ref/reinitialised' && count !== 0) throw new PercpuRefBug(`the ref is not zero: its count is ${count}`)
      if (count === 0 && !this.isReleased) throw new PercpuRefBug('release is still running, in the thread whose put landed on zero')
      this.#said.say(type, {})
      Atomics.store(this.words, header.RELEASED, 0)
      this.add(1)
      this.#said.say('percpu-ref/got', { n: 1, cpu: null, of: 'initial' })
      for (const line of this.#lines()) this.words[line + place.LEFT] = this.words[line + COUNTER]!
      const spread = this.add(BIAS32)
      Atomics.store(this.words, header.BIASED, 1)
      this.#setMode(0)
      this.#said.say('percpu-ref/switched-to-percpu', { count: wide(spread, true) })
    })
  }

  /** percpu_ref_exit. @throws PercpuRefBug while a kill is not confirmed. */
  exit(): void {
    locked(this.words, () => {
      if (this.isExited) return
      if (this.isSwitching) throw new PercpuRefBug('the ref was just killed: its kill is not confirmed yet')
      this.#setMode(ATOMIC | DEAD | EXITED)
      tell(this.words)
      this.#said.say('percpu-ref/exited', { count: wide(this.count, this.isBiased) })
    })
  }

  /** @throws PercpuRefBug after {@link exit}, by whichever thread. */
  checkAlive(): void {
    if (this.isExited) throw new PercpuRefBug('the shared ref is used after percpu_ref_exit')
  }

  snapshot(): RefWords {
    const mode = this.#mode
    return {
      atomic: (mode & ATOMIC) !== 0,
      dead: (mode & DEAD) !== 0,
      count: wide(this.count, this.isBiased),
      perCpu: [...this.#lines()].map((line) => wide(this.words[line + COUNTER]! - this.words[line + place.LEFT]!)),
      biased: this.isBiased,
      forceAtomic: false,
      allowReinit: true,
      switching: this.isSwitching,
      freed: (mode & EXITED) !== 0,
      exited: (mode & EXITED) !== 0,
    }
  }

  /** The mode for whoever looks, and the gate of every worker, attached or not. */
  #setMode(mode: number): void {
    Atomics.store(this.words, header.MODE, mode)
    for (const line of this.#lines()) {
      if (mode === 0) Atomics.and(this.words, line + GATE, ~CLOSED)
      else Atomics.or(this.words, line + GATE, CLOSED)
    }
  }

  #setKiller({ worker, tenancy }: Tenant): void {
    Atomics.store(this.words, header.KILLER, worker)
    Atomics.store(this.words, header.KILLER_TENANCY, tenancy)
  }

  *#lines(): Generator<number> {
    for (let worker = 0; worker < this.words[header.WORKERS]!; worker++) yield lineOf(worker)
  }
}
