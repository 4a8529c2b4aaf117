export { ManualClock, Ids } from './clock.ts'
export type { Clock } from './clock.ts'
export { declareEvents, Vocabulary } from './declare.ts'
export type { Catalogue, DataOf, Declarations, EventDeclaration, EventName, Payload } from './declare.ts'
export { documentEvents } from './document.ts'
export { Emitter } from './emitter.ts'
export type { Said, Sink } from './emitter.ts'
export type { Actor, AnyEvent, Envelope, EventOf } from './envelope.ts'
export { EventRows, placesOf, pointerOf, rowsOf, TypeRows } from './event-rows.ts'
export type { Places, RowOrigin } from './event-rows.ts'
export type { BlockSummary, ColumnBlock, EventBlock, FieldCursor } from './event-block.ts'
export { errno, errnoName } from './errno.ts'
export { f } from './f.ts'
export { Facts } from './facts.ts'
export type { Fact, FactsContent } from './facts.ts'
export { kindDocs } from './field.ts'
export type {
  Data,
  DeviceId,
  Field,
  FieldKind,
  Fields,
  FieldValue,
  ManagedId,
  PagemapId,
  Pfn,
  Pointer,
  RegionId,
  Revealed,
} from './field.ts'
export { HOSTS_MAX, hostOf, idOfHost, idWithin } from './host.ts'
export type { HostId } from './host.ts'
export { dataToJson, eventFromJson, eventToJson, hex, nanoseconds, seconds } from './json.ts'
export type { Json } from './json.ts'
export { admits, atLeast, between, emptyList, forgetList, isExact, join, meet, plus, rangeOf, takeFrom } from './knowledge.ts'
export type { Bound, Certainty, Count, Known, KnownList } from './knowledge.ts'
export { isGapOf, logCatalogue } from './log-events.ts'
export type { LogEvent, LogPayload } from './log-events.ts'
export { asModel } from './model.ts'
export type { Cutting, DeviceInfo, Invariant, ListKeys, Looking, Model, PfnRange, Violation, View, Views, Waiting } from './model.ts'
