export { foresee } from './foresee.ts'
export { openRecording } from './open.ts'
export type { OpenedRecording } from './open.ts'
export { notToFollow } from './foreign.ts'
