export { LiveDevice } from './binding.ts'
export type { DeviceInit, Driver } from './binding.ts'
export { DriverCore } from './driver-core.ts'
export type { DriverCoreInit } from './driver-core.ts'
export { DeviceResources } from './devres.ts'
export type { DeviceResourcesInit } from './devres.ts'
export type { DevresEntry, Match, ReleaseFunction, Resource } from './node.ts'
export { ksize, ManagedMemory, ZERO_SIZE_PTR } from './managed-memory.ts'
export type { MemoryPointer } from './managed-memory.ts'
export { ResourceGroup } from './resource-group.ts'
export { devresCatalogue, devresWarnings, driverStates, probeOutcomes, releaseReasons } from './events.ts'
export type { DevresEvent, DevresPayload } from './events.ts'
export { devresInvariants, groupRange, leftBehind, releaseCount, releaseOrder } from './invariants.ts'
export { devresModel } from './model.ts'
export { devresRules } from './rules.ts'
export type { BindingStep, DevresRules, Rules, Step } from './rules.ts'
export { evolveDevres, initialDevres, isGroupMarker } from './state.ts'
export type {
  Device,
  Device as DeviceState,
  DevresNode,
  DevresState,
  DriverState,
  ProbeOutcome,
  ReleasePass,
  ReleaseReason,
} from './state.ts'
