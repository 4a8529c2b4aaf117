/** Memory of devm_kmalloc, and the slabs it comes from: what decides whether a reallocation moves. */
import type { Pointer } from '@devtrail/events'

/** sizeof(struct devres) before the data, on 64-bit: every managed allocation is larger by this. */
export const DEVRES_HEADER_BYTES = 40

/** Sizes of the kmalloc caches (include/linux/slab.h), without ZONE_DMA and on x86-64; beyond the last, powers of two. */
const SLABS = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192] as const

/** ksize: how many bytes an allocation of `size` bytes really has. */
export function ksize(size: number): number {
  const slab = SLABS.find((bytes) => bytes >= size)
  return slab ?? 2 ** Math.ceil(Math.log2(size))
}

/** What an allocation of no bytes gives (ZERO_SIZE_PTR): it needs not be freed, and must not be looked into. */
export const ZERO_SIZE_PTR = Symbol('ZERO_SIZE_PTR')

/** What devm_kmalloc returns. */
export class ManagedMemory {
  /** Identity of the devres node in front of it. */
  readonly node: Pointer
  /** What the slab object holds beyond the devres header, in bytes. */
  readonly capacity: number
  readonly #object: Uint8Array
  #size: number

  constructor(node: Pointer, size: number) {
    this.node = node
    this.capacity = ksize(DEVRES_HEADER_BYTES + size) - DEVRES_HEADER_BYTES
    this.#object = new Uint8Array(this.capacity)
    this.#size = size
  }

  /** What was asked for; a reallocation in place makes it longer or shorter. */
  get bytes(): Uint8Array {
    return this.#object.subarray(0, this.#size)
  }

  /** Reallocation in place. */
  resize(size: number): void {
    this.#size = size
  }

  /** All that the other's slab object holds, as devm_krealloc copies it. */
  copyFrom(other: ManagedMemory): void {
    this.#object.set(other.#object)
  }
}

/** Null (failed), memory, or {@link ZERO_SIZE_PTR}. */
export type MemoryPointer = ManagedMemory | typeof ZERO_SIZE_PTR | null
