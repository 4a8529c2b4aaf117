/** What a store is made of that keeps its blocks elsewhere than in a folder: blocks, checks, followers. Knows no Node API. */
export { Chain } from './chain.ts'
export { mustBeStorable } from './codec/check-event.ts'
export { ColumnPool } from './codec/column-pool.ts'
export type { BlockReader } from './codec/block-reader.ts'
export type { Decompress } from './codec/decompress.ts'
export type { Crc32 } from './codec/crc32.ts'
export { EventViews } from './codec/event-view.ts'
export { firstSeqOf } from './codec/segment.ts'
export { excerpt, type Fault } from './errors.ts'
export { fitting, mayHold } from './fitting.ts'
export { Followers, isPast, type Waiting } from './follow.ts'
export {
  keyframeExists,
  mustBeFoldName,
  mustBePosition,
  mustFit,
  noSuchKeyframe,
  takenKeyframe,
  withChanges,
  type TakenKeyframe,
} from './keyframe.ts'
export { mustBeLevel } from './levels.ts'
export { checkedMeta } from './meta.ts'
export { isAttachmentName, mustBeAttachmentName } from './names.ts'
export { checkedRange, mustFollow, sequenceAfter, type CheckedRange } from './sequence.ts'
export {
  StandaloneBuilder,
  readStandalone,
  type BlockPlace,
  type CompressBlock,
  type StandaloneInfo,
  type StandaloneReading,
} from './store/standalone-block.ts'
