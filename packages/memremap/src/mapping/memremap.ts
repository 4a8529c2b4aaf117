/** memremap and memunmap: mappings of physical memory without struct pages of its own (kernel/memremap.c, kernel/iomem.c). */
import { errno, hex, type Pointer } from '@devtrail/events'
import type { ManagedDevice } from '../managed/managed-device.ts'
import type { MemremapMachine } from '../machine.ts'
import { directAddress, ramShare, type RamShare } from '../pagemap/ram.ts'

/** MEMREMAP_ flags (include/linux/io.h). The seed's kernel knows WB and WT. */
export const memremapFlags = { WB: 1, WT: 2, WC: 4, ENC: 8, DEC: 16 } as const

/** Where ioremap and vmalloc put things, without KASLR. */
const VMALLOC_START = 0xffff_c900_0000_0000n
const VMALLOC_END = 0xffff_e8ff_ffff_ffffn
const PAGE = 4096n

/** What stands on the list of a device: the address of the record itself, and what was mapped. */
interface MappingRecord {
  readonly mappings: Mappings
  readonly device: ManagedDevice
  readonly record: Pointer
  readonly address: Pointer
}

function devm_memremap_release({ mappings, device, record, address }: MappingRecord): void {
  mappings.release(device, record, address)
}

/** The mappings of a machine. */
export class Mappings {
  readonly #m: MemremapMachine
  /** Addresses of ioremap and what they map. */
  readonly #mapped = new Map<Pointer, bigint>()
  #next = VMALLOC_START

  constructor(machine: MemremapMachine) {
    this.#m = machine
  }

  /** What is mapped besides the direct map, by address: bytes. */
  get mapped(): ReadonlyMap<Pointer, bigint> {
    return this.#mapped
  }

  /**
   * `memremap`: a kernel virtual address, or null: the range is partly System RAM, all of it and something else than WB is
   * wanted, or there is no room for it. The kinds asked for are tried in the order WB, WT, WC. @throws RangeError for a flag that the era does not know.
   */
  memremap(offset: bigint, size: bigint, flags: number): Pointer | null {
    const known = this.#m.rules.mapsWriteCombined ? 31 : 3
    if ((flags & ~known) !== 0) throw new RangeError(`memremap knows no flags 0x${(flags & ~known).toString(16)} here`)
    const share = ramShare(this.#m, offset, size)
    const address = this.#map(offset, size, flags, share)
    const direct = address !== null && !isIoremap(address)
    this.#m.say('memremap/memremapped', { offset, size, flags, ram: share, address, direct }, null)
    return address
  }

  #map(offset: bigint, size: bigint, flags: number, share: RamShare): Pointer | null {
    if (flags === 0) return null
    if (share === 'mixed') {
      this.#warn(`attempted on mixed range ${hex(offset)} size: ${hex(size)}`)
      return null
    }
    if ((flags & memremapFlags.WB) !== 0) return share === 'ram' ? hex(directAddress(this.#m, offset)) : this.#ioremap(offset, size)
    if (share === 'ram') {
      this.#warn(`attempted on ram ${hex(offset)} size: ${hex(size)}`)
      return null
    }
    return (flags & (memremapFlags.WT | memremapFlags.WC)) === 0 ? null : this.#ioremap(offset, size)
  }

  #warn(message: string): void {
    this.#m.warn(null, 'memremap', message, true)
  }

  #ioremap(offset: bigint, size: bigint): Pointer | null {
    if (this.#m.faults.ioremap?.(offset, size) === false) return null
    const address = hex(this.#next)
    // A page is left free behind each, as vmalloc does.
    this.#next += ((size + PAGE - 1n) / PAGE + 1n) * PAGE
    this.#mapped.set(address, size)
    return address
  }

  /** `memunmap`: unmaps what ioremap mapped; an address of the direct map stays. */
  memunmap(address: Pointer): void {
    const unmapped = isIoremap(address) && this.#mapped.delete(address)
    this.#m.say('memremap/memunmapped', { address, unmapped }, null)
  }

  /** `devm_memremap`: an address; or -ENOMEM (no memory for the record, asked for first), -ENXIO (memremap gave none). */
  devmMemremap(device: ManagedDevice, offset: bigint, size: bigint, flags: number): Pointer | number {
    const seq = this.#m.say('memremap/range-map-started', { device: device.id, offset, size, flags }, device.id)
    const entry = this.#m.events.because(seq, () => this.#manage(device, offset, size, flags))
    const said = typeof entry === 'number' ? { address: null, errno: entry } : { address: entry, errno: 0 }
    this.#m.say('memremap/range-mapped', { device: device.id, ...said }, device.id, seq)
    return entry
  }

  #manage(device: ManagedDevice, offset: bigint, size: bigint, flags: number): Pointer | number {
    const data = { mappings: this as Mappings, device, record: '' as Pointer, address: '' as Pointer }
    const entry = device.resources.alloc<MappingRecord>(devm_memremap_release, data, 8)
    if (entry === null) return errno.ENOMEM
    const address = this.memremap(offset, size, flags)
    if (address === null) {
      device.resources.free(entry)
      return errno.ENXIO
    }
    data.record = entry.node
    data.address = address
    device.resources.addEntry(entry)
    return address
  }

  /** devm_memremap_release. */
  release(device: ManagedDevice, record: Pointer, address: Pointer): void {
    this.memunmap(this.#m.rules.unmapsWhatWasMapped ? address : record)
    this.#m.say('memremap/range-released', { device: device.id, address }, device.id)
  }

  /** `devm_memunmap`: releases the mapping of the device that has this address; a warning when there is none. */
  devmMemunmap(device: ManagedDevice, address: Pointer): void {
    const seq = this.#m.say('memremap/range-unmapped', { device: device.id, address }, device.id)
    const found = this.#m.events.because(seq, () =>
      device.resources.release<MappingRecord>(devm_memremap_release, (record) => record.address === address),
    )
    if (found !== 0) this.#m.warn(null, 'devm_memunmap', `nothing is mapped at ${address}`, false, seq)
  }
}

const isIoremap = (address: Pointer): boolean => BigInt(address) >= VMALLOC_START && BigInt(address) <= VMALLOC_END
