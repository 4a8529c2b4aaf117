/// <reference lib="esnext.disposable" preserve="true" />
/**
 * percpu_ref over threads that share memory. Each thread counts in a word of its own, without atomic operations, as long as
 * the ref lives. Whoever kills it waits for a grace period, until every thread that is online has announced that it is
 * between two operations, and then takes the sum. From there on all count in one word, atomically, and the put that lands
 * on zero runs release.
 */
import type { Emitter } from '@devtrail/events'
import { PercpuRefBug } from '../ref-struct.ts'
import type { RefWords } from '../state.ts'
import { closedLine, laidOut, wordsOf, WORKERS_MAX } from './layout.ts'
import { Membership } from './membership.ts'
import { Said } from './said.ts'
import { SharedStruct } from './shared-struct.ts'
import { Teardown } from './teardown.ts'
import { checkLimits, type WaitLimits } from './waiting.ts'
import { Workers, type WorkerState } from './workers.ts'

/** References to take or give back at once. */
const MANY_MAX = 2 ** 31 - 1

/** A release or confirm callback. */
export type SharedRefCallback = (ref: SharedPercpuRef) => void

/** What a thread that uses a ref says of itself. */
export interface SharedRefUser {
  /** What messages call it; at most 31 characters. */
  readonly name?: string
  /** Run in this thread when its put lands on zero, before those who wait for the release go on. Must not wait. */
  readonly release?: SharedRefCallback
  /** Where this thread says what it does, at the price of what is said; left out it costs nothing. Several threads have several sequences. */
  readonly events?: Emitter | null
  /** The identity that events name; `0x1` where left out. */
  readonly id?: string
}

/** What a ref is created with. */
export interface SharedRefInit extends SharedRefUser {
  /** How many threads may be attached at a time beside the one that creates it, from 0 to 4095. */
  readonly workers: number
  /** PERCPU_REF_INIT_DEAD: it is dead until {@link SharedPercpuRef.reinit}. */
  readonly dead?: boolean
}

/** One thread's hold on a percpu_ref that several threads share by their memory. Each thread creates or attaches one of its own. */
export class SharedPercpuRef {
  /**
   * This worker's line. Its gate is closed while the ref is atomic, and while the worker is offline or says what it does. Until
   * it is detached this is never assigned again, which lets the compiler keep it.
   */
  #line: Int32Array
  readonly #words: Int32Array
  readonly #isCreator: boolean
  readonly #ref: SharedStruct
  readonly #workers: Workers
  readonly #member: Membership
  readonly #teardown: Teardown
  readonly #offline: Disposable = { [Symbol.dispose]: () => this.offline() }

  private constructor(words: Int32Array, isCreator: boolean, { name = '', release, events = null, id = '0x1' }: SharedRefUser) {
    this.#words = words
    this.#isCreator = isCreator
    this.#workers = new Workers(words)
    const tenant = this.#workers.take(name)
    const said = new Said(events, id)
    this.#ref = new SharedStruct(words, said)
    this.#member = new Membership(this.#ref, { tenant, said: events === null ? null : said, release: () => release?.(this) })
    this.#teardown = new Teardown(this.#ref, this.#workers, { tenant, said, endSwitch: () => this.#member.putSwitch() })
    this.#line = this.#member.line
  }

  /** percpu_ref_init, in memory to be shared; the caller is attached, offline. @throws RangeError for a number of workers that is none. */
  static create({ workers, dead = false, ...user }: SharedRefInit): SharedPercpuRef {
    if (!Number.isInteger(workers) || workers < 0 || workers >= WORKERS_MAX)
      throw new RangeError(`workers is a whole number from 0 to ${WORKERS_MAX - 1}, found ${workers}`)
    const ref = new SharedPercpuRef(laidOut(workers + 1), true, user)
    ref.#ref.initialise(dead, user.release?.name ?? null)
    return ref
  }

  /**
   * Joins a ref that another thread created, by its {@link buffer}; offline until {@link online}.
   * @throws TypeError for another buffer, RangeError when all places are taken, PercpuRefBug after exit.
   */
  static attach(buffer: SharedArrayBuffer, user: SharedRefUser = {}): SharedPercpuRef {
    const words = wordsOf(buffer)
    new SharedStruct(words, new Said(null, '')).checkAlive()
    return new SharedPercpuRef(words, false, user)
  }

  /** What {@link attach} takes: hand it to a worker as it is. */
  get buffer(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer
  }

  /** This thread's place, from 0, which is the creator's. */
  get worker(): number {
    return this.#member.worker
  }

  /** percpu_ref_get: takes a reference, unchecked; for who holds one already. @throws PercpuRefBug after exit. */
  get(): void {
    // On the paths below GATE is written 0 and COUNTER 1: names of another module are looked up each time.
    const line = this.#line
    if (line[0] === 0) line[1]!++
    else this.#member.get(1)
  }

  /** percpu_ref_get_many. @throws RangeError unless `n` is a whole number from 0 to 2^31 - 1. */
  getMany(n: number): void {
    this.#member.get(countOf(n))
  }

  /** percpu_ref_put: gives a reference back; once the ref is dead and its kill confirmed, the one that lands on zero runs release. */
  put(): void {
    const line = this.#line
    if (line[0] === 0) line[1]!--
    else this.#member.put(1)
  }

  /** percpu_ref_put_many; `n` as in {@link getMany}. */
  putMany(n: number): void {
    this.#member.put(countOf(n))
  }

  /** percpu_ref_tryget: a reference unless the count is zero, dead or not. */
  tryGet(): boolean {
    const line = this.#line
    if (line[0] !== 0) return this.#member.tryGet('tryget')
    line[1]!++
    return true
  }

  /** percpu_ref_tryget_live: a reference unless the ref is dead. None is given any more once a kill is confirmed. */
  tryGetLive(): boolean {
    const line = this.#line
    if (line[0] !== 0) return this.#member.tryGet('tryget-live')
    line[1]!++
    return true
  }

  /** percpu_ref_is_dying. */
  get isDying(): boolean {
    return this.#ref.isDying
  }

  /** percpu_ref_is_zero: never true before a kill is confirmed. */
  get isZero(): boolean {
    return this.#ref.isZero
  }

  /**
   * rcu_thread_online: from here on operations count without atomic operations, and this thread promises to {@link announce}
   * often, or to go {@link offline} before it is idle or waits. Until then each operation does so for itself, at some 50 ns.
   * What it returns goes offline at the end of a `using`. @throws PercpuRefBug when it is online.
   */
  online(): Disposable {
    this.#member.online()
    return this.#offline
  }

  /** rcu_thread_offline: this thread keeps nobody waiting any more. */
  offline(): void {
    this.#member.offline()
  }

  /** rcu_quiescent_state: this thread is between two operations, which it always is when it calls. Costs an atomic load. */
  announce(): void {
    this.#member.announce()
  }

  /** percpu_ref_kill: marks the ref dead. The rest happens once the grace period is over. @throws PercpuRefBug when it is dead already. */
  kill(): void {
    this.#kill(null)
  }

  /**
   * percpu_ref_kill_and_confirm: the promise is fulfilled once no tryget_live can succeed any more; `confirm` runs then,
   * before release can. @throws SharedRefStall naming who has not announced when a limit comes first, by default 21 s; the
   * grace period goes on, see {@link confirmed}. PercpuRefBug when the ref is dead already.
   */
  async killAndConfirm(confirm: SharedRefCallback | null = null, limits: WaitLimits = {}): Promise<void> {
    checkLimits(limits)
    this.#kill(confirm)
    await this.confirmed(limits)
  }

  /** Until the last kill is confirmed, whoever killed. @throws SharedRefStall as {@link killAndConfirm}. */
  async confirmed(limits: WaitLimits = {}): Promise<void> {
    this.announce()
    await this.#teardown.confirmed(limits)
  }

  /** Until release has run, in whichever thread. @throws SharedRefStall naming who holds references when a limit comes first, by default none; PercpuRefBug when more were put than taken. */
  async released(limits: WaitLimits = {}): Promise<void> {
    await this.#teardown.released(limits, this.#ref.releases)
  }

  /** Kills the ref unless it is dead, and waits until all references are put: {@link confirmed}, then {@link released}, under one limit each. */
  async drain(limits: WaitLimits = {}): Promise<void> {
    checkLimits(limits)
    this.#member.checkAttached()
    // It may be released and brought back before this goes on.
    const { releases } = this.#ref
    if (!this.isDying && this.#ref.kill(this.#member.tenant)) this.#begin(null)
    await this.confirmed(limits)
    await this.#teardown.released(limits, releases)
  }

  /** percpu_ref_reinit: opens a ref again that is dead and zero. @throws PercpuRefBug for another, where the kernel warns and goes on. */
  reinit(): void {
    this.#member.checkAttached()
    this.#ref.revive('percpu-ref/reinitialised')
  }

  /** percpu_ref_resurrect: opens a dead ref again, users or not; waits for its kill to be confirmed. @throws as {@link confirmed} and {@link reinit}. */
  async resurrect(limits: WaitLimits = {}): Promise<void> {
    await this.confirmed(limits)
    this.#member.checkAttached()
    this.#ref.revive('percpu-ref/resurrected')
  }

  /** percpu_ref_exit, for all threads; later use throws. A second call does nothing. @throws PercpuRefBug while a kill is not confirmed. */
  exit(): void {
    this.#ref.exit()
  }

  /** Leaves the ref. What this thread counted stays in the sum, and its place is free for another. */
  detach(): void {
    const isThere = this.#member.isAttached
    this.#member.leave()
    this.#line = closedLine()
    if (isThere) this.#workers.free(this.worker)
  }

  /**
   * Detaches a worker whose thread has ended (its `exit` event came) without doing so. Returns how many references it took
   * and did not give back: they are still out, and to be put by whoever knows that nobody else will.
   * @throws RangeError when nobody has that place; PercpuRefBug for this thread's own, which is to {@link detach}.
   */
  forget(worker: number): number {
    if (!this.#workers.isTaken(worker)) throw new RangeError(`there is no worker ${worker}`)
    if (worker === this.worker && this.#member.isAttached) throw new PercpuRefBug(`worker ${worker} forgets itself: detach instead`)
    const held = this.#workers.held(worker)
    this.#workers.free(worker)
    return held
  }

  /** Who is attached. */
  get workers(): WorkerState[] {
    return this.#workers.states()
  }

  /** What the words hold now, as those of a 64-bit kernel; while others count, what it was some moment ago. */
  snapshot(): RefWords {
    return this.#ref.snapshot()
  }

  [Symbol.dispose](): void {
    this.detach()
  }

  /** Who created the ref drains it and ends it, with no limit but that of {@link confirmed}; others detach. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isCreator && this.#member.isAttached && !this.#ref.isExited) {
      await this.drain()
      this.exit()
    }
    this.detach()
  }

  #kill(confirm: SharedRefCallback | null): void {
    this.#member.checkAttached()
    if (!this.#ref.kill(this.#member.tenant)) throw new PercpuRefBug('percpu_ref_kill_and_confirm called more than once on a shared ref')
    this.#begin(confirm)
  }

  /** This thread is between two operations itself. */
  #begin(confirm: SharedRefCallback | null): void {
    this.announce()
    this.#teardown.begin(confirm === null ? null : () => confirm(this))
  }
}

function countOf(n: number): number {
  if (Number.isInteger(n) && n >= 0 && n <= MANY_MAX) return n
  throw new RangeError(`a number of references is a whole number from 0 to ${MANY_MAX}, found ${n}`)
}
