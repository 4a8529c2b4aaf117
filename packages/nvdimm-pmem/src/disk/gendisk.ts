/** A disk over a driver that takes bios (struct gendisk, block/genhd.c), with the devices and the queue that it has. */
import { LiveDevice } from '@devtrail/devres'
import { errno } from '@devtrail/events'
import { finish, type Steps } from '@devtrail/memremap'
import type { NdDevice } from '../bus/nd-device.ts'
import type { NvdimmMachine } from '../bus/nvdimm-machine.ts'
import { RequestQueue } from '../queue/request-queue.ts'

export const SECTOR = 512

/** What a driver does with a bio. */
export interface DiskOps {
  /** A segment: 0 or an errno. */
  readonly segment: (op: 'read' | 'write', sector: number, data: Uint8Array) => number
  /** After the segments of a write, or of what they got to: makes them durable. */
  readonly written?: () => void
  /** An error ends the bio; else the other segments are tried, and nothing fails (seed). */
  readonly stopsAtError: boolean
}

export interface Bio {
  readonly op: 'read' | 'write'
  /** The first, of 512 bytes. */
  readonly sector: number
  /** Its segments, each of whole sectors. */
  readonly segments: readonly Uint8Array[]
  /** REQ_NOWAIT. */
  readonly nowait?: boolean
}

export class Gendisk {
  readonly name: string
  readonly queue: RequestQueue
  readonly device: NdDevice
  readonly #m: NvdimmMachine
  readonly #ops: DiskOps
  readonly #minor: number
  /** Sectors of 512 bytes. */
  capacity = 0
  state: 'allocated' | 'added' | 'removed' = 'allocated'
  #block: LiveDevice | null = null
  #bdi: LiveDevice | null = null

  private constructor(device: NdDevice, name: string, queue: RequestQueue, ops: DiskOps) {
    this.device = device
    this.#m = device.machine
    this.name = name
    this.queue = queue
    this.#ops = ops
    this.#minor = this.#m.takeMinor()
  }

  /** `alloc_disk_node` over a queue that is there: null where there is no memory. */
  static over(device: NdDevice, name: string, queue: RequestQueue, ops: DiskOps): Gendisk | null {
    return device.machine.faults.disk?.() === false ? null : new Gendisk(device, name, queue, ops)
  }

  /** `blk_alloc_disk`: a disk with a queue of its own. */
  static alloc(device: NdDevice, name: string, ops: DiskOps): Gendisk | null {
    const queue = RequestQueue.alloc(device.machine, device.id)
    if (queue === null) return null
    const disk = Gendisk.over(device, name, queue, ops)
    if (disk === null) queue.put()
    return disk
  }

  /** `device_add_disk`. */
  add(): void {
    const { id, name: parent } = this.device
    this.#m.say('nvdimm-pmem/disk-added', { device: id, disk: this.name, parent }, id)
    this.#m.say('nvdimm-pmem/disk-identified', { device: id, disk: this.name }, id)
    this.#block = new LiveDevice(this.#m.core, { name: this.name, bus: 'block', kind: 'block' })
    this.#bdi = new LiveDevice(this.#m.core, { name: `259:${this.#minor}`, bus: 'bdi', kind: 'bdi' })
    this.queue.register()
    this.state = 'added'
    this.device.disk = this
  }

  /** `del_gendisk`. `drains`: marks the disk dead first, and waits at the end until nobody is in its queue (since 5.14). */
  *delSteps(drains: boolean): Steps<void> {
    const { id } = this.device
    this.#m.say('nvdimm-pmem/disk-removed', { device: id, disk: this.name }, id)
    this.state = 'removed'
    this.device.disk = null
    if (drains) {
      this.queue.markDying()
      this.queue.freezeStart()
    }
    this.#bdi?.del()
    this.#bdi?.put()
    this.#block?.del()
    if (drains) yield* this.queue.freezeWaitSteps()
  }

  /** All of {@link delSteps}. @throws NeverEnds when somebody in its queue never leaves. */
  del(drains: boolean): void {
    finish(this.delSteps(drains), this.#m.rcu)
  }

  /** `put_disk`. `withQueue`: drops its queue, too (since 5.14). */
  put(withQueue: boolean): void {
    if (withQueue) this.queue.put()
    if (this.#block?.presence === 'removed') this.#block.put()
    this.#m.freeMinor(this.#minor)
  }

  /**
   * `submit_bio` of what fits one segment, and waits for its end: 0; -EIO beyond the end, where the disk is dead, or what the driver gave.
   * @throws RangeError unless it is whole sectors, from a whole number on.
   */
  submit(op: 'read' | 'write', sector: number, data: Uint8Array): number {
    return finish(this.submitSteps({ op, sector, segments: [data] }), this.#m.rcu)
  }

  /** A bio in steps: it may wait for a frozen queue, and others may come between its segments. */
  *submitSteps(bio: Bio): Steps<number> {
    const { op, sector, segments, nowait = false } = bio
    const bytes = segments.reduce((sum, { length }) => sum + length, 0)
    if (segments.some(({ length }) => length % SECTOR !== 0))
      throw new RangeError(`a bio of ${bytes} bytes is not whole sectors of ${SECTOR}`)
    // Not -EIO: no event could tell of such a sector.
    if (!Number.isInteger(sector)) throw new RangeError(`a bio begins at a whole sector, not at ${sector}`)
    const entered = yield* this.queue.enterSteps({ nowait, bio: true })
    if (entered !== 0) return this.#completed(bio, errno.EIO)
    const { id } = this.device
    this.#m.say('nvdimm-pmem/bio-queued', { device: id, disk: this.name, op, sector, bytes }, id)
    const error = sector < 0 || sector + bytes / SECTOR > this.capacity ? errno.EIO : yield* this.#transfer(bio)
    this.#completed(bio, error)
    this.queue.exit()
    return error
  }

  *#transfer({ op, sector, segments }: Bio): Steps<number> {
    let at = sector
    let error = 0
    for (const data of segments) {
      yield { what: 'pmem_do_bvec' }
      error = this.#ops.segment(op, at, data) || error
      if (error !== 0 && this.#ops.stopsAtError) break
      at += data.length / SECTOR
    }
    if (op === 'write') this.#ops.written?.()
    return error
  }

  #completed({ op, sector }: Bio, error: number): number {
    const { id } = this.device
    this.#m.say('nvdimm-pmem/bio-completed', { device: id, disk: this.name, op, sector, errno: error }, id)
    return error
  }
}
