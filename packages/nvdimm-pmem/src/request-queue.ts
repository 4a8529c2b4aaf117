/**
 * A request queue and its usage counter (`q_usage_counter`, block/blk-core.c and blk-mq.c, Linux 6.1): each request in flight
 * holds it. Freezing closes the queue to new requests; the freeze is complete when the last one in flight has left.
 */
import { errno, hex, type DeviceId, type Emitter, type Ids, type Pointer } from '@devtrail/events'
import type { NvdimmPmemPayload } from './events.ts'

export class RequestQueue {
  readonly pointer: Pointer
  /** The percpu_ref within it. */
  readonly ref: Pointer
  readonly #device: DeviceId
  readonly #emitter: Emitter
  #inFlight = 0
  #dying = false
  #drained = false

  constructor(emitter: Emitter, ids: Ids, device: DeviceId) {
    const at = 0xffff_8881_0000_0000n + BigInt(ids.next('queue')) * 0x1000n
    this.pointer = hex(at)
    this.ref = hex(at + 0x10n)
    this.#device = device
    this.#emitter = emitter
  }

  /** Requests in flight. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** Whether it was closed and the last request has left. */
  get drained(): boolean {
    return this.#drained
  }

  /** `bio_queue_enter`: 0, or -ENODEV once the disk is dead. */
  enter(): number {
    if (this.#dying) return errno.ENODEV
    this.#inFlight++
    return 0
  }

  /** `blk_queue_exit`. @throws Error when nothing is in flight. */
  exit(): void {
    if (this.#inFlight === 0)
      throw new Error(`queue ${this.pointer} is left by a request that never entered (after event ${this.#emitter.seq})`)
    this.#inFlight--
    this.#settle()
  }

  /** `blk_freeze_queue_start` of a disk that goes: no request enters any more. A second time does nothing. */
  freeze(): void {
    if (this.#dying) return
    this.#dying = true
    this.#emitter.emit<NvdimmPmemPayload>(
      'nvdimm-pmem/queue-freeze-started',
      { device: this.#device, queue: this.pointer },
      { device: this.#device },
    )
  }

  /** Enters `blk_mq_freeze_queue_wait`. The counter is released here when nothing is in flight, else by the last exit. */
  startWait(): void {
    this.#emitter.emit<NvdimmPmemPayload>(
      'nvdimm-pmem/queue-wait-started',
      { device: this.#device, queue: this.pointer },
      { device: this.#device },
    )
    this.#settle()
  }

  endWait(): void {
    this.#emitter.emit<NvdimmPmemPayload>(
      'nvdimm-pmem/queue-wait-ended',
      { device: this.#device, queue: this.pointer },
      { device: this.#device },
    )
  }

  #settle(): void {
    if (!this.#dying || this.#inFlight > 0 || this.#drained) return
    this.#drained = true
    const { pointer: queue, ref } = this
    this.#emitter.emit<NvdimmPmemPayload>('nvdimm-pmem/queue-ref-released', { device: this.#device, queue, ref }, { device: this.#device })
  }
}
