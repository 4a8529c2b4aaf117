import type { Vocabulary } from '@devtrail/events'
import { LogUsageError } from '../errors.ts'
import type { Disk } from './disk.ts'
import { readHead } from './head.ts'
import { findEnd } from './last-segment.ts'
import { FileLogReader } from './reader.ts'
import { listSegments } from './segment-list.ts'

export interface OpenOptions {
  /**
   * How often `follow` looks for what the system did not tell of, in milliseconds: network file systems tell of nothing.
   * Damage at the end of a log that may still be written is reported after that time. Default 1000.
   */
  readonly pollMs?: number
}

const POLL_MS = 1000
/** What a timer can do. */
const POLL_MS_MAX = 2 ** 31 - 1

/**
 * Opens the log in `folder` of a disk.
 * @param checksSummaries what a block says of its events is held against them.
 */
export async function openOn(
  disk: Disk,
  folder: string,
  vocabulary: Vocabulary,
  options: OpenOptions = {},
  checksSummaries = false,
): Promise<FileLogReader> {
  const { pollMs = POLL_MS } = options
  if (!Number.isSafeInteger(pollMs) || pollMs < 1 || pollMs > POLL_MS_MAX) {
    throw new LogUsageError('bad-range', `pollMs is a whole number of milliseconds from 1 to ${POLL_MS_MAX}; found ${pollMs}`)
  }
  const { meta, logId, closed } = await readHead(disk, folder)
  const list = await listSegments(disk, folder, logId)
  const { last, index, lastSeq } = await findEnd(disk, folder, logId, list)
  const common = { disk, folder, vocabulary, meta, logId, closed, pollMs, checksSummaries }
  return new FileLogReader({ ...common, gone: list.gone, earlier: list.earlier, last, index, lastSeq })
}
