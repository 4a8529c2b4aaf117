export { jetStreamStore, type JetStreamOptions } from './store.ts'
