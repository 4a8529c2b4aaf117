import { resolve } from 'node:path'
import type { Vocabulary } from '@devtrail/events'
import type { LogWriter } from '../contract.ts'
import { findEnd } from './end.ts'
import { acquireLock } from './lock.ts'
import { openEvents, readMeta } from './open.ts'
import { FileLogWriter } from './writer.ts'

/**
 * Opens the log in `folder` to continue it after its last event. A torn tail is cut off, durably, and reported as the
 * writer's `cutTail`.
 * @throws LogUsageError `not-found`, `not-a-log`, `unsupported`, `locked`; LogDamagedError when the meta or the last
 * event is damaged (nothing is changed).
 */
export async function appendFileLog(folder: string, vocabulary: Vocabulary): Promise<LogWriter> {
  const path = resolve(folder)
  const meta = await readMeta(path)
  const lock = await acquireLock(path)
  try {
    const { file, path: events, size } = await openEvents(path, 'r+')
    try {
      const { lastSeq, tornTail, wholeBytes, damage } = await findEnd(file, events, size)
      if (damage !== null) throw damage
      if (tornTail !== null) {
        await file.truncate(wholeBytes)
        await file.sync()
      }
      const start = { folder: path, publishAs: null, meta, vocabulary, lock, file }
      return new FileLogWriter({ ...start, position: wholeBytes, lastSeq, cutTail: tornTail })
    } catch (error) {
      await file.close()
      throw error
    }
  } catch (error) {
    await lock.release(path)
    throw error
  }
}
