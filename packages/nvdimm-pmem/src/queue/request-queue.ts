/**
 * A request queue and its usage counter (`q_usage_counter`, block/blk-core.c and blk-mq.c): each request in flight holds it.
 * Freezing kills the counter, so that nobody enters, and waits until the last one in flight has left. In the seed's kernel the
 * counter is also what keeps the struct pages of a pmem device alive: whoever has one of them is in flight, too.
 */
import { errno, hex, type DeviceId, type PagemapId, type Pointer } from '@devtrail/events'
import { finish, type Steps } from '@devtrail/memremap'
import { INIT_ATOMIC, PercpuRef, referencesOf } from '@devtrail/percpu-ref'
import type { NvdimmPmemPayload } from '../events.ts'
import type { QueueMachine } from './queue-machine.ts'
import { queueRules, type QueueRules } from './queue-rules.ts'

/** Where the counter lies in struct request_queue. */
const USAGE_OFFSET = 0x10n

export interface EnterOptions {
  /** Not to wait for a frozen queue (BLK_MQ_REQ_NOWAIT, REQ_NOWAIT). */
  readonly nowait?: boolean
  /** Through a bio (`bio_queue_enter`, since 5.11): a dead disk is -ENODEV, waiting or not. */
  readonly bio?: boolean
  /** Whether the task has a fatal signal. */
  readonly killed?: () => boolean
}

type Type = Extract<NvdimmPmemPayload['type'], `nvdimm-pmem/queue-${string}`>

/** `struct request_queue` of a bio-based driver. */
export class RequestQueue {
  readonly pointer: Pointer
  /** `q_usage_counter`. */
  readonly usage: PercpuRef
  readonly #m: QueueMachine
  readonly #rules: QueueRules
  readonly #device: DeviceId | null
  #depth = 0
  #dying = false
  #isDead = false
  #isPut = false
  /** `q_usage_dead`. */
  #usageDead = false
  #inside = 0

  private constructor(machine: QueueMachine, device: DeviceId | null, pointer: Pointer, usage: PercpuRef) {
    this.#m = machine
    this.#rules = queueRules[machine.rules]
    this.#device = device
    this.pointer = pointer
    this.usage = usage
  }

  /** `blk_alloc_queue`: null when there is no memory. Its counter is atomic and counts 1. */
  static alloc(machine: QueueMachine, device: DeviceId | null = null): RequestQueue | null {
    if (machine.mayAllocateQueue?.() === false) return null
    const at = 0xffff_8881_0000_0000n + BigInt(machine.ids.next('queue')) * 0x1000n
    const pointer = hex(at)
    const id = hex(at + USAGE_OFFSET)
    const blk_queue_usage_counter_release = (): void => queue.#say('nvdimm-pmem/queue-ref-released', { queue: pointer, ref: id })
    const { emitter: events, rcu: scheduler, cpus = 1, rules } = machine
    const usage = PercpuRef.init(
      { events, scheduler, cpus, rules },
      { id, release: blk_queue_usage_counter_release, flags: INIT_ATOMIC, ...(device === null ? {} : { device }) },
    )
    if (usage === null) return null
    const queue: RequestQueue = new RequestQueue(machine, device, pointer, usage)
    queue.#say('nvdimm-pmem/queue-allocated', { queue: pointer, ref: id })
    return queue
  }

  /** References on its counter, the initial one included. */
  get users(): number {
    return Number(referencesOf(this.usage.snapshot()))
  }

  /** `mq_freeze_depth`. */
  get frozen(): number {
    return this.#depth
  }

  /** Marked dead: nobody who waits is let in any more. */
  get dying(): boolean {
    return this.#dying
  }

  /** Dead and drained. */
  get dead(): boolean {
    return this.#isDead
  }

  /** `blk_register_queue`: it counts per CPU from now on. */
  register(): void {
    this.usage.switchToPercpu()
  }

  /**
   * `blk_queue_enter`: 0; -EBUSY (seed) or -EAGAIN where it would wait and must not, -ENODEV for a queue that died, -ERESTARTSYS for a task
   * with a signal (seed). @throws NeverEnds when it waits for what cannot come.
   */
  enter(options: EnterOptions = {}): number {
    return finish(this.enterSteps(options), this.#m.rcu)
  }

  /** The steps of {@link enter}. */
  *enterSteps({ nowait = false, bio = false, killed = () => false }: EnterOptions = {}): Steps<number> {
    for (;;) {
      if (this.usage.tryGetLive()) {
        this.#inside++
        return 0
      }
      if (bio && this.#rules.bioKnowsDead && this.#dying) return this.#refused(errno.ENODEV)
      if (nowait) return this.#refused(this.#rules.wouldWait)
      const stops = (): boolean => this.#rules.waitIsKillable && killed()
      this.#say('nvdimm-pmem/queue-enter-wait-started', { queue: this.pointer })
      yield { what: 'blk_queue_enter', until: () => this.#depth === 0 || this.#dying || stops() }
      const error = this.#dying ? errno.ENODEV : stops() ? errno.ERESTARTSYS : 0
      this.#say('nvdimm-pmem/queue-enter-wait-ended', { queue: this.pointer, errno: error })
      if (error !== 0) return error
    }
  }

  #refused(error: number): number {
    this.#say('nvdimm-pmem/queue-enter-refused', { queue: this.pointer, errno: error })
    return error
  }

  /** Who has entered and not left. */
  get inside(): number {
    return this.#inside
  }

  /** `blk_queue_exit`. @throws Error when nobody is in it. */
  exit(): void {
    if (this.#inside === 0)
      throw new Error(`queue ${this.pointer} is left by a request that never entered (after event ${this.#m.emitter.seq})`)
    this.#inside--
    this.usage.put()
  }

  /** `blk_set_queue_dying` (seed, which freezes it too) or the queue's part of `__blk_mark_disk_dead`. */
  markDying(): void {
    this.#dying = true
    this.#say('nvdimm-pmem/queue-dying', { queue: this.pointer })
  }

  /** `blk_freeze_queue_start`: the first of several nested ones kills the counter. */
  freezeStart(): void {
    this.#depth++
    this.#say('nvdimm-pmem/queue-freeze-started', { queue: this.pointer })
    if (this.#depth !== 1) return
    if (this.#m.rules !== 'seed' || this.#m.series !== 20) return this.usage.kill()
    this.usage.killAndConfirm(() => {
      this.#usageDead = true
      this.#say('nvdimm-pmem/queue-dead-noticed', { queue: this.pointer })
    })
  }

  /** `blk_wait_queue_dead` (patch 18 of the series): until nobody can get a live reference any more, whoever still has one. */
  *deadWaitSteps(): Steps<void> {
    this.#say('nvdimm-pmem/queue-dead-wait-started', { queue: this.pointer })
    yield { what: 'the queue to be dead', until: () => this.#usageDead }
    this.#say('nvdimm-pmem/queue-dead-wait-ended', { queue: this.pointer })
  }

  /** `blk_mq_freeze_queue_wait`. */
  *freezeWaitSteps(): Steps<void> {
    this.#say('nvdimm-pmem/queue-wait-started', { queue: this.pointer })
    yield { what: "the queue's usage counter", until: () => this.usage.isZero }
    this.#say('nvdimm-pmem/queue-wait-ended', { queue: this.pointer })
  }

  /** `blk_mq_freeze_queue`. @throws NeverEnds when somebody in it never leaves. */
  freeze(): void {
    this.freezeStart()
    finish(this.freezeWaitSteps(), this.#m.rcu)
  }

  /** `blk_mq_unfreeze_queue`: the last of several nested ones makes the counter live again. */
  unfreeze(): void {
    this.#depth--
    this.#say('nvdimm-pmem/queue-unfrozen', { queue: this.pointer, depth: this.#depth })
    if (this.#depth < 0) this.#depth = 0
    else if (this.#depth === 0 && this.#rules.resurrects) this.usage.resurrect()
    else if (this.#depth === 0) this.usage.reinit()
  }

  /**
   * `blk_cleanup_queue` of the seed's kernel: marks it dead, drains it, tears its counter down, whoever else may still have that, and drops
   * the queue. @throws Error the second time, which is a bug of the caller.
   */
  *cleanupSteps(): Steps<void> {
    if (this.#isPut || this.#isDead)
      throw new Error(`queue ${this.pointer} is cleaned up a second time (after event ${this.#m.emitter.seq})`)
    this.#say('nvdimm-pmem/queue-cleanup-started', { queue: this.pointer })
    this.markDying()
    this.freezeStart()
    yield { what: 'blk_freeze_queue' }
    this.freezeStart()
    yield* this.freezeWaitSteps()
    this.#isDead = true
    this.#exitUsage()
    this.#put()
    this.#say('nvdimm-pmem/queue-cleanup-ended', { queue: this.pointer })
  }

  /** All of {@link cleanupSteps}. @throws NeverEnds when somebody in it, or in the seed a page, is never given back. */
  cleanup(): void {
    finish(this.cleanupSteps(), this.#m.rcu)
  }

  /** `blk_put_queue`, the last one, of Linux 6.1: the counter goes after a grace period. @throws Error the second time. */
  put(): void {
    if (this.#isPut) throw new Error(`queue ${this.pointer} is put a second time (after event ${this.#m.emitter.seq})`)
    this.#put()
    this.#m.rcu.callRcu(() => this.#exitUsage())
  }

  #put(): void {
    this.#isPut = true
    this.#say('nvdimm-pmem/queue-put', { queue: this.pointer })
  }

  #exitUsage(): void {
    this.usage.exit()
    const usedBy: PagemapId | null = this.#m.pagemapOf?.(this.usage) ?? null
    this.#say('nvdimm-pmem/queue-usage-exited', { queue: this.pointer, ref: this.usage.id, usedBy })
  }

  #say<T extends Type>(type: T, data: Omit<Extract<NvdimmPmemPayload, { type: T }>['data'], 'device'>): void {
    const device = this.#device
    if (this.#m.emitter.on) this.#m.emitter.emit<NvdimmPmemPayload>(type, { device, ...data }, device === null ? undefined : { device })
  }
}
