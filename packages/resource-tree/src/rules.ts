/** Whose behaviour a tree has: the 2015 series' kernel (kernel/resource.c as of 4.3 and 4.4) or Linux 6.1. */
export type Rules = 'seed' | 'linux-6.1'

/** Where the eras differ. */
export interface ResourceTreeRules {
  /** Nodes have a descriptor (`desc`) and an extended type, which busy regions take over (since 4.6). */
  readonly hasDesc: boolean
  /** A busy region takes its type from each node it descends to; in the seed's kernel from the node it was asked of. */
  readonly typeOfEachParent: boolean
  /**
   * What region_intersects compares and where: name and exact flags of top-level nodes (before 4.6), flags and desc of top-level nodes, or
   * flags and desc also below those that do not match (6.1.113 and later).
   */
  readonly intersects: 'name' | 'top-level' | 'nested'
  /** RAM is found by its flags anywhere in the tree; before 4.6 by its name and exact flags, at the top level. */
  readonly ramByFlags: boolean
  /** A search of free space refuses a candidate that ends before it starts (size 0, wrap): the descriptor stays as it was. */
  readonly allocationGuarded: boolean
  /** remove_resource is there (since 4.8). */
  readonly canRemove: boolean
  /** release_mem_region_adjustable warns instead of returning an error, and does not fail for want of memory (since 5.11). */
  readonly adjustableWarns: boolean
  /** System RAM that is EXCLUSIVE is always exclusive, and CONFIG_IO_STRICT_DEVMEM is there. */
  readonly ramExclusive: boolean
  /** Conflicts with memory of a device are warned about. */
  readonly warnsOfDeviceMemory: boolean
  /** How an address is printed in the warning of __release_region: with 0x (6.1.160 and later) or without. */
  readonly warningPrefix: '' | '0x'
}

/** To be changed for another kernel in between: `{ ...resourceTreeRules['linux-6.1'], intersects: 'top-level' }` is 6.1.112. */
export const resourceTreeRules: Readonly<Record<Rules, ResourceTreeRules>> = {
  seed: {
    hasDesc: false,
    typeOfEachParent: false,
    intersects: 'name',
    ramByFlags: false,
    allocationGuarded: false,
    canRemove: false,
    adjustableWarns: false,
    ramExclusive: false,
    warnsOfDeviceMemory: false,
    warningPrefix: '',
  },
  'linux-6.1': {
    hasDesc: true,
    typeOfEachParent: true,
    intersects: 'nested',
    ramByFlags: true,
    allocationGuarded: true,
    canRemove: true,
    adjustableWarns: true,
    ramExclusive: true,
    warnsOfDeviceMemory: true,
    warningPrefix: '0x',
  },
}
