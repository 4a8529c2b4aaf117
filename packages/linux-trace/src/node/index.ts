export { openRecording } from './open.ts'
export type { OpenedRecording } from './open.ts'
