/** Reads a log wherever its files lie: behind a server, in an archive, in a page. Knows no Node API. */
import type { Vocabulary } from '@devtrail/events'
import type { LogReader } from './contract.ts'
import { openOn, type OpenOptions } from './file/open.ts'
import { readOnlyDisk, type LogFiles } from './file/read-only-disk.ts'
import { mustBeVocabulary } from './must-be-vocabulary.ts'

export { filesInMemory } from './file/files-in-memory.ts'
export type { LogFile, LogFiles } from './file/read-only-disk.ts'
export type { OpenOptions } from './file/open.ts'

/**
 * Opens a log of which somebody hands out the files, as `openFileLog` does for a folder.
 * @throws as `openFileLog`.
 */
export async function openLogFiles(files: LogFiles, vocabulary: Vocabulary, options: OpenOptions = {}): Promise<LogReader> {
  mustBeVocabulary(vocabulary)
  return openOn(readOnlyDisk(files), ROOT, vocabulary, options)
}

/** What messages call the folder. */
const ROOT = 'the log'
