/** struct pmem_device and its I/O (drivers/nvdimm/pmem.c). Where sectors are is the same in both eras; what a bad one does is not. */
import { hex, errno, type Pointer } from '@devtrail/events'
import { pfnFlags, physToPfnT, type DevPagemap, type PfnT, type PhysRange } from '@devtrail/memremap'
import { BadBlocks } from '../bus/bad-blocks.ts'
import type { NdDevice } from '../bus/nd-device.ts'
import type { NdNamespace } from '../bus/nd-namespace.ts'
import { SECTOR, type DiskOps, type Gendisk } from '../disk/gendisk.ts'
import { MediumError } from '../media/medium.ts'
import type { RequestQueue } from '../queue/request-queue.ts'
import { clearPoison } from './clear-poison.ts'
import { Oops } from './oops.ts'

/** What direct access to a sector gives. */
export interface DirectAccessed {
  readonly address: Pointer
  /** With its flags. */
  readonly pfn: PfnT
  /** Bytes from there to the end. */
  readonly size: number
}

/** `struct pmem_device`. */
export class Pmem {
  readonly device: NdDevice
  readonly ndns: NdNamespace
  readonly range: PhysRange
  /** Bytes. */
  readonly size: number
  /** Bytes from the start of the namespace to the first sector. */
  dataOffset = 0
  /** Bytes of the namespace that are neither before nor in the data (since 4.5). */
  pfnPad = 0
  /** PFN_DEV and PFN_MAP. */
  pfnFlags: bigint = pfnFlags.DEV
  /** Null: nothing is mapped. */
  address: Pointer | null = null
  pagemap: DevPagemap | null = null
  queue: RequestQueue | null = null
  disk: Gendisk | null = null
  /** Of its data (since 4.5). */
  readonly badBlocks = new BadBlocks()

  constructor(device: NdDevice, ndns: NdNamespace) {
    this.device = device
    this.ndns = ndns
    this.range = ndns.range
    this.size = ndns.size
  }

  /** Sectors of 512 bytes. */
  get sectors(): number {
    return (this.size - this.pfnPad - this.dataOffset) / SECTOR
  }

  /** Takes over what mapping gave. */
  setAddress(address: Pointer | null): void {
    this.address = address
    const { id, machine } = this.device
    const hasPages = (this.pfnFlags & pfnFlags.MAP) !== 0n
    machine.say('nvdimm-pmem/address-set', { device: id, address, hasPages, dataOffset: this.dataOffset }, id)
  }

  /** `pmem_direct_access`, which looks whether a sector is there as little as the kernel's. @throws Oops when nothing is mapped. */
  directAccess(sector: number): DirectAccessed {
    const offset = sector * SECTOR + this.dataOffset
    return {
      address: hex(BigInt(this.mapped()) + BigInt(offset)),
      pfn: physToPfnT(this.range.start + BigInt(offset), this.pfnFlags),
      size: this.size - this.pfnPad - offset,
    }
  }

  /** What its disk does with bios. */
  get ops(): DiskOps {
    const { knowsBadBlocks } = this.device.machine.table
    return {
      segment: (op, sector, data) => this.doBvec(op, sector, data),
      written: () => this.ndns.medium.fence(),
      stopsAtError: knowsBadBlocks,
    }
  }

  /** `pmem_do_bvec`: 0; where the era knows bad blocks -EIO for a read of one, or for a write of one that cannot be mended. */
  doBvec(op: 'read' | 'write', sector: number, data: Uint8Array): number {
    this.mapped()
    const offset = sector * SECTOR + this.dataOffset
    const error = op === 'read' ? this.#read(offset, sector, data) : this.#write(offset, sector, data)
    const { id, machine } = this.device
    machine.say('nvdimm-pmem/bvec-done', { device: id, op, offset, bytes: data.length, errno: error }, id)
    return error
  }

  #read(offset: number, sector: number, data: Uint8Array): number {
    if (this.badBlocks.has(sector, data.length / SECTOR)) return errno.EIO
    try {
      this.ndns.medium.load(offset, data)
      return 0
    } catch (error) {
      // A machine check, which copy_mc_to_kernel turns into this.
      if (error instanceof MediumError) return errno.EIO
      throw error
    }
  }

  #write(offset: number, sector: number, data: Uint8Array): number {
    if (this.badBlocks.has(sector, data.length / SECTOR)) {
      const cleared = clearPoison(this.ndns, offset, data.length)
      if (cleared > 0) this.badBlocks.clear(sector, Math.floor(cleared / SECTOR))
      if (cleared < data.length) return errno.EIO
    }
    this.ndns.medium.store(offset, data)
    this.ndns.medium.flush(offset, data.length)
    return 0
  }

  /** @throws Oops when nothing is mapped. */
  mapped(): Pointer {
    if (this.address !== null) return this.address
    const { name, machine } = this.device
    throw new Oops(`${name} has no mapping, and its driver goes on as if it had (after event ${machine.emitter.seq})`)
  }
}

/** `nvdimm_namespace_disk_name`: `pmem0`, `pmem0.1` for a labelled namespace but the first, and an s for a BTT. */
export function diskName({ region, index, hasLabel, claim }: NdNamespace): string {
  const number = hasLabel && index !== 0 ? `${region.index}.${index}` : `${region.index}`
  return `pmem${number}${claim?.name.startsWith('btt') === true ? 's' : ''}`
}
