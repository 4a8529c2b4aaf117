export { hostsIn, type LogContents } from './contents.ts'
export { StreamError, type StreamErrorCode } from './refusals.ts'
export { jetStreamStore, type JetStreamLogStore, type JetStreamOptions } from './store.ts'
