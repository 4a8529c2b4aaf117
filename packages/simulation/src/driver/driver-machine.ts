import type { DriverCore } from '@devtrail/devres'
import type { Emitter, Ids } from '@devtrail/events'
import type { PagemapRegistry, Rcu, RulesName } from '@devtrail/memremap'
import type { ResourceTree } from '@devtrail/resource-tree'

/** What a driver finds in its machine. */
export interface DriverMachine {
  readonly rules: RulesName
  readonly emitter: Emitter
  readonly ids: Ids
  readonly rcu: Rcu
  readonly iomem: ResourceTree
  readonly registry: PagemapRegistry
  readonly core: DriverCore
  /** Waits, while others go on. */
  readonly wait: (condition: () => boolean) => void
}
