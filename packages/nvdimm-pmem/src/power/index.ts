/** `@devtrail/nvdimm-pmem/power`: what a power failure may leave of a persistent medium, and whether a BTT survives it. */
export { crashStates } from './crash-states.ts'
export type { CrashOptions, CrashState } from './crash-states.ts'
export { explore } from './explore.ts'
export type { BrokenPromise, Explored, ExploreOptions, Scenario } from './explore.ts'
export type { PersistOp } from './persist-op.ts'
export { RecordedBtt } from './recorded-btt.ts'
export { RecordedMedium } from './recorded-medium.ts'
export type { MediumAudience } from './recorded-medium.ts'
