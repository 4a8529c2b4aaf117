/** Writes events into a log, as a program does that keeps what its live models say. */
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { createFileLog } from '@devtrail/event-log/file'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'

export async function writeLog(folder: string, events: readonly AnyEvent[]): Promise<string> {
  const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'simulated' }, notes: [] }
  const writer = await createFileLog(folder, meta, vocabulary)
  await writer.append(events)
  await writer.close()
  return folder
}
