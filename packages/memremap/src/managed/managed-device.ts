import type { DeviceId } from '@devtrail/events'
import type { DeviceResources } from '@devtrail/devres'

/** A device whose managed resources pagemaps and mappings become; a `LiveDevice` of devres is one. */
export interface ManagedDevice {
  readonly id: DeviceId
  readonly resources: DeviceResources
  /** Its NUMA node (`dev_to_node`); none unless given. */
  readonly node?: number
}
