/** devm_kmalloc and its kin. */
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
  if (list.takeOff(devm_kzalloc_release, (m) => m === memory) === undefined) list.warn('memory-absent', 'devm_kfree')
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
  const old = list.find(devm_kzalloc_release, (m) => m === memory)
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
