/** One NVDIMM of 1 GiB, as in the recordings. */
import type { NamespaceSpec } from '../scenario/scenario.ts'

export const fsdaxMachine: readonly NamespaceSpec[] = [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'fsdax' }]

/** The file's first page, among those of the disk's data: pfn 0x109300. */
export const FILE_BLOCK = 0x8100
