/**
 * The counter of those who use a disk's queue (`q_usage_counter`). In the series that is the seed it is also what references to the
 * pages of the disk are counted with, so that cleaning the queue up waits for them too.
 */
import { errno, hex, type DeviceId, type Pointer } from '@devtrail/events'
import { RequestQueue, type NvdimmPmemPayload } from '@devtrail/nvdimm-pmem'
import { INIT_ATOMIC, PercpuRef } from '@devtrail/percpu-ref'
import type { DriverMachine } from './driver-machine.ts'

export interface UsageCounter {
  readonly pointer: Pointer
  /** What the seed hands to devm_memremap_pages; null where page references do not count here. */
  readonly ref: PercpuRef | null
  /** 0, or -ENODEV once it is closed. */
  enter(): number
  exit(): void
  /** Closes it, and waits until nobody uses it. */
  cleanUp(): void
}

/** Linux 6.1. */
export class QueueOfRequests implements UsageCounter {
  readonly ref = null
  readonly #m: DriverMachine
  readonly #queue: RequestQueue

  constructor(machine: DriverMachine, device: DeviceId) {
    this.#m = machine
    this.#queue = new RequestQueue(machine.emitter, machine.ids, device)
  }

  get pointer(): Pointer {
    return this.#queue.pointer
  }

  enter(): number {
    return this.#queue.enter()
  }

  exit(): void {
    this.#queue.exit()
  }

  cleanUp(): void {
    this.#queue.freeze()
    this.#queue.startWait()
    this.#m.wait(() => this.#queue.drained)
    this.#queue.endWait()
  }
}

/** The series: blk_cleanup_queue. */
export class QueueOfPages implements UsageCounter {
  readonly pointer: Pointer
  readonly ref: PercpuRef
  readonly #m: DriverMachine
  readonly #device: DeviceId
  #isReleased = false

  constructor(machine: DriverMachine, device: DeviceId) {
    this.#m = machine
    this.#device = device
    const at = 0xffff_8800_8100_0000n + BigInt(machine.ids.next('queue')) * 0x1000n
    this.pointer = hex(at)
    const counter = this
    const id = hex(at + 0x10n)
    this.ref = new PercpuRef(
      { events: machine.emitter, scheduler: machine.rcu, cpus: 1, rules: 'seed' },
      { id, flags: INIT_ATOMIC, device, release: blk_queue_usage_counter_release },
    )
    function blk_queue_usage_counter_release(): void {
      counter.#isReleased = true
      counter.#say('nvdimm-pmem/queue-ref-released', { device, queue: counter.pointer, ref: id })
    }
  }

  enter(): number {
    return this.ref.tryGetLive() ? 0 : errno.ENODEV
  }

  exit(): void {
    this.ref.put()
  }

  cleanUp(): void {
    const about = { device: this.#device, queue: this.pointer }
    this.#say('nvdimm-pmem/queue-freeze-started', about)
    this.ref.kill()
    this.#say('nvdimm-pmem/queue-wait-started', about)
    this.#m.wait(() => this.#isReleased)
    this.#say('nvdimm-pmem/queue-wait-ended', about)
  }

  #say<T extends NvdimmPmemPayload['type']>(type: T, data: Extract<NvdimmPmemPayload, { type: T }>['data']): void {
    this.#m.emitter.emit<NvdimmPmemPayload>(type, data, { device: this.#device })
  }
}
