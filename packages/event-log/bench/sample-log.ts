import { join } from 'node:path'
import { createFileLog } from '../src/file.ts'
import { EventSource, vocabulary } from './events.ts'
import { meta } from './meta.ts'

const STEP = 50_000

/** Writes a closed log of `count` events into `folder`, and returns its path. Each piece of events is told as it is written. */
export async function writeSampleLog(
  folder: string,
  count: number,
  told: (events: ReturnType<EventSource['take']>) => void = () => {},
): Promise<string> {
  const path = join(folder, 'log')
  const source = new EventSource()
  await using log = await createFileLog(path, meta, vocabulary)
  for (let left = count; left > 0; left -= STEP) {
    const events = source.take(Math.min(STEP, left))
    await log.append(events)
    told(events)
  }
  return path
}
