import { resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import type { LogReader } from '../contract.ts'
import { mustBeVocabulary } from '../must-be-vocabulary.ts'
import { nodeDisk } from './node-disk.ts'
import { openOn, type OpenOptions } from './open.ts'

/**
 * Opens the log in `folder` for reading, as it is now.
 * @throws LogUsageError `bad-range` for `pollMs`, `not-found`, `not-a-log`, `unsupported`; LogDamagedError when its meta is damaged.
 */
export async function openFileLog(folder: string, vocabulary: Vocabulary, options: OpenOptions = {}): Promise<LogReader> {
  mustBeVocabulary(vocabulary)
  return openOn(nodeDisk, resolve(folder), vocabulary, options)
}
