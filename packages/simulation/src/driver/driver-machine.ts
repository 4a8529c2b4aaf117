import type { DriverCore } from '@devtrail/devres'
import type { PagemapRegistry } from '@devtrail/memremap'
import type { QueueMachine } from '@devtrail/nvdimm-pmem'
import type { ResourceTree } from '@devtrail/resource-tree'

/** What a driver finds in its machine. */
export interface DriverMachine extends QueueMachine {
  readonly iomem: ResourceTree
  readonly registry: PagemapRegistry
  readonly core: DriverCore
}
