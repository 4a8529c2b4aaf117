/** `enum memory_type` (include/linux/memremap.h, Linux 6.1). */
export const memoryType = { PRIVATE: 1, COHERENT: 2, FS_DAX: 3, GENERIC: 4, PCI_P2PDMA: 5 } as const

const names: Readonly<Record<number, string>> = {
  1: 'MEMORY_DEVICE_PRIVATE',
  2: 'MEMORY_DEVICE_COHERENT',
  3: 'MEMORY_DEVICE_FS_DAX',
  4: 'MEMORY_DEVICE_GENERIC',
  5: 'MEMORY_DEVICE_PCI_P2PDMA',
}

/** `MEMORY_DEVICE_FS_DAX` for 3; the number as text when it is none of 6.1's. */
export const memoryTypeName = (type: number): string => names[type] ?? String(type)
