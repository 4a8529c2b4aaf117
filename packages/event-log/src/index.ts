export { LOG_SCHEMA_VERSION } from './contract.ts'
export type {
  AckLevel,
  AttachmentInfo,
  Keyframe,
  KeyframeOptions,
  LogMeta,
  LogReader,
  GoneHead,
  LogStore,
  LogWriter,
  NewKeyframe,
  ReadRange,
  TornTail,
} from './contract.ts'
export { LogDamagedError, LogUsageError } from './errors.ts'
export type { Damage, LogUsageCode } from './errors.ts'
export {
  ATTACHMENT_BYTES_MAX,
  CAUSES_MAX,
  EVENT_CHARS_MAX,
  KEYFRAME_BYTES_MAX,
  KEYFRAME_PARTS_MAX,
  META_BYTES_MAX,
  META_DEPTH_MAX,
  NAME_CHARS_MAX,
  PART_BYTES_MAX,
  PART_NAME_CHARS_MAX,
} from './limits.ts'
export { memoryStore } from './memory.ts'
export { sampleCatalogue, sampleEvent, sampleEvents, sampleMeta, sampleVocabulary } from './samples.ts'
