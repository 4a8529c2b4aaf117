import type { Vocabulary } from '@devtrail/events'
import type { LogStore } from './contract.ts'
import { appendFileLog } from './file/append.ts'
import { createFileLog } from './file/create.ts'
import { openFileLog } from './file/open.ts'

export { appendFileLog, createFileLog, openFileLog }
export { repairFileLog } from './file/repair.ts'
export { verifyFileLog } from './file/verify.ts'
export type { CreateOptions } from './file/create.ts'
export type { Repair } from './file/repair.ts'
export type { Verification } from './file/verify.ts'

/** A folder as the place for one log. */
export function fileStore(folder: string, vocabulary: Vocabulary): LogStore {
  return {
    create: (meta) => createFileLog(folder, meta, vocabulary),
    append: () => appendFileLog(folder, vocabulary),
    open: () => openFileLog(folder, vocabulary),
  }
}
