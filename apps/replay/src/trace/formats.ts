/** Logs in the formats of other programs. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { OpenLog } from '../logs/open.ts'
import { TemporaryFolder } from '../logs/temporary.ts'
import { ChromeTrace } from './chrome.ts'
import { PerfettoTrace } from './perfetto.ts'
import { writeDatabase } from './sqlite.ts'
import { tellTrace } from './tell-trace.ts'
import { wholeOf } from './whole-log.ts'

type Asked = Pick<OpenLog, 'reader' | 'history'>
type Pieces = AsyncIterable<string | Uint8Array>

async function* asTrace(log: Asked, format: 'chrome' | 'perfetto'): Pieces {
  yield* tellTrace(await wholeOf(log), format === 'chrome' ? new ChromeTrace() : new PerfettoTrace())
}

/** Made aside, for a database is not written from front to back. */
async function* asDatabase(log: Asked): Pieces {
  using folder = await TemporaryFolder.make('sqlite')
  const file = join(folder.path, 'log.sqlite')
  const whole = await wholeOf(log)
  await folder.writing(() => writeDatabase(file, whole))
  for await (const bytes of createReadStream(file)) yield bytes as Uint8Array
}

export const FOREIGN = ['chrome', 'perfetto', 'sqlite'] as const
export type Foreign = (typeof FOREIGN)[number]

export const isForeign = (format: string): format is Foreign => (FOREIGN as readonly string[]).includes(format)
/** Formats that are no text. */
export const isBinary = (format: Foreign): boolean => format !== 'chrome'

export function inFormat(log: Asked, format: Foreign): Pieces {
  return format === 'sqlite' ? asDatabase(log) : asTrace(log, format)
}
