/** devm_kmalloc, devm_get_free_pages and their kin. */
import type { Pointer } from '@devtrail/events'

import type { DevresList } from './devres-list.ts'
import { ManagedMemory, ZERO_SIZE_PTR, type MemoryPointer } from './managed-memory.ts'
import type { Node } from './node.ts'

/** The release function of managed memory, by whichever name of devm_kmalloc's it was asked for: nothing has to be undone. */
function devm_kzalloc_release(_memory: ManagedMemory): void {}

/** @throws RangeError for a size that is none. */
function check(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a size is a whole number from 0, found ${size}`)
}

export function kmalloc(list: DevresList, size: number): MemoryPointer {
  check(size)
  if (size === 0 && list.core.rules.hasZeroSizePointer) return ZERO_SIZE_PTR
  const node = nodeOf(list, size)
  if (node === null) return null
  list.append(node)
  return node.data as ManagedMemory
}

export function kfree(list: DevresList, memory: MemoryPointer): void {
  if (list.core.rules.hasZeroSizePointer && (memory === null || memory === ZERO_SIZE_PTR)) return
  const node = list.newestOf({ kind: devm_kzalloc_release, data: memory })
  if (node === undefined) list.warn('memory-absent', 'devm_kfree')
  else list.unlink(node, 'freed')
}

export function krealloc(list: DevresList, memory: MemoryPointer, size: number): MemoryPointer {
  check(size)
  if (size === 0) {
    kfree(list, memory)
    return ZERO_SIZE_PTR
  }
  if (memory === null || memory === ZERO_SIZE_PTR) return kmalloc(list, size)
  // As in the kernel, nobody looks whose memory it is while it is large enough.
  if (size <= memory.capacity) {
    memory.resize(size)
    return memory
  }
  const old = list.newestOf({ kind: devm_kzalloc_release, data: memory })
  if (old === undefined) {
    list.warn('memory-absent', 'devm_krealloc')
    return null
  }
  const next = nodeOf(list, size)
  if (next === null) return null
  const grown = next.data as ManagedMemory
  grown.copyFrom(memory)
  list.replace(old, next)
  return grown
}

function nodeOf(list: DevresList, size: number): Node | null {
  return list.allocWith({ run: devm_kzalloc_release, size }, (node) => new ManagedMemory(node, size))
}

/** What devm_get_free_pages keeps with the device: 2^order pages, known by their address. */
interface Pages {
  readonly address: Pointer
  readonly order: number
}

const PAGES_BYTES = 16
/** MAX_ORDER - 1 on x86-64: 4 MiB. */
const ORDER_MAX = 10

/** The release function of pages: nothing else has to be undone. */
function devm_pages_release(_pages: Pages): void {}

/** Their address; null when there is no memory. The kernel allocates the pages, then their node. */
export function getFreePages(list: DevresList, order: number): Pointer | null {
  if (!Number.isInteger(order) || order < 0 || order > ORDER_MAX) throw new RangeError(`an order is from 0 to ${ORDER_MAX}, found ${order}`)
  const address = list.core.allocate() ? list.freshAddress() : null
  if (address === null) return null
  const of = { run: devm_pages_release, release: devm_pages_release.name, size: PAGES_BYTES, marks: null }
  const node = list.alloc({ ...of, data: { address, order } satisfies Pages, key: { kind: devm_pages_release, data: address } })
  if (node === null) return null
  list.append(node)
  return address
}

export function freePages(list: DevresList, address: Pointer): void {
  const node = list.newestOf({ kind: devm_pages_release, data: address })
  if (node === undefined) list.warn('memory-absent', 'devm_free_pages')
  else list.unlink(node, 'freed')
}
