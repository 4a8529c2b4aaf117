/** IORESOURCE_ flags (include/linux/ioport.h, Linux 6.1); part of the sysfs ABI. */
export const ioresource = {
  TYPE_BITS: 0x1f00n,
  IO: 0x100n,
  MEM: 0x200n,
  REG: 0x300n,
  IRQ: 0x400n,
  DMA: 0x800n,
  BUS: 0x1000n,
  PREFETCH: 0x2000n,
  READONLY: 0x4000n,
  CACHEABLE: 0x8000n,
  RANGELENGTH: 0x1_0000n,
  SHADOWABLE: 0x2_0000n,
  SIZEALIGN: 0x4_0000n,
  STARTALIGN: 0x8_0000n,
  MEM_64: 0x10_0000n,
  WINDOW: 0x20_0000n,
  MUXED: 0x40_0000n,
  /** Since 4.6; also the mask of the extended type. */
  SYSRAM: 0x0100_0000n,
  /** MEM and SYSRAM. */
  SYSTEM_RAM: 0x0100_0200n,
  SYSRAM_DRIVER_MANAGED: 0x0200_0000n,
  SYSRAM_MERGEABLE: 0x0400_0000n,
  EXCLUSIVE: 0x0800_0000n,
  DISABLED: 0x1000_0000n,
  UNSET: 0x2000_0000n,
  AUTO: 0x4000_0000n,
  BUSY: 0x8000_0000n,
} as const

/** What a node is, beside its flags: IORES_DESC_ (include/linux/ioport.h, since 4.6). */
export const ioresDesc = {
  NONE: 0,
  CRASH_KERNEL: 1,
  ACPI_TABLES: 2,
  ACPI_NV_STORAGE: 3,
  PERSISTENT_MEMORY: 4,
  PERSISTENT_MEMORY_LEGACY: 5,
  DEVICE_PRIVATE_MEMORY: 6,
  RESERVED: 7,
  SOFT_RESERVED: 8,
  CXL: 9,
} as const

/** The type in a flags word (IO, MEM, …): `resource_type`. */
export const typeOf = (flags: bigint): bigint => flags & ioresource.TYPE_BITS

/** Type and extended type: what a busy region takes over from the node it comes to stand under, since 4.6. */
export const typeBits = (flags: bigint): bigint => flags & (ioresource.TYPE_BITS | ioresource.SYSRAM)

/** Whether all of `wanted` are in a flags word. */
export const hasFlags = (flags: bigint, wanted: bigint): boolean => (flags & wanted) === wanted
