import type { Vocabulary } from '@devtrail/events'
import type { LogStore } from './contract.ts'
import { appendFileLog, type AppendOptions } from './file/append.ts'
import { createFileLog } from './file/create.ts'
import type { OpenOptions } from './file/open.ts'
import { openFileLog } from './file/open-folder.ts'

export { appendFileLog, createFileLog, openFileLog }
export { compressFileLog } from './file/compress.ts'
export { repairFileLog } from './file/repair.ts'
export { verifyFileLog } from './file/verify.ts'
export type { AppendOptions } from './file/append.ts'
export type { Compression } from './file/compress.ts'
export type { CreateOptions } from './file/create.ts'
export type { OpenOptions } from './file/open.ts'
export type { Repair } from './file/repair.ts'
export type { Verification } from './file/verify.ts'

/** A folder as the place for one log. */
export function fileStore(folder: string, vocabulary: Vocabulary, options: AppendOptions & OpenOptions = {}): LogStore {
  return {
    create: (meta) => createFileLog(folder, meta, vocabulary, options),
    append: () => appendFileLog(folder, vocabulary, options),
    open: () => openFileLog(folder, vocabulary, options),
  }
}
