/** `log.json`: what a log is, and what there was when it was closed. */
import { LOG_SCHEMA_VERSION, type LogMeta } from '../contract.ts'
import { LogUsageError, excerpt, type LogDamagedError } from '../errors.ts'
import { checkedMeta, unsupportedSchema } from '../meta.ts'
import { damagedBlock, damagedFile } from './damage.ts'
import { errorCode, type Disk } from './disk.ts'
import { META_FILE, join } from './layout.ts'
import { readSealed, unsealedError, writeSealed } from './sealed-json.ts'

/** @throws LogUsageError `not-found`, `not-a-log`. */
async function mustBeFolder(disk: Disk, folder: string): Promise<void> {
  try {
    if ((await disk.stat(folder)).isFolder) return
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error
    throw new LogUsageError('not-found', `there is no log at ${folder}: no such folder`, { cause: error })
  }
  throw new LogUsageError('not-a-log', `${folder} is a file; a log is a folder with ${META_FILE} in it`)
}

/** What there was when a writer closed the log; never is there less. */
export interface Closed {
  /** The baseline included. */
  readonly events: number
  readonly lastSeq: number
}

/** What `log.json` says. */
export interface LogHead {
  readonly meta: LogMeta
  readonly logId: Uint8Array
  /** When it was closed last; null: never, or by a writer that did not record it. */
  readonly closed: Closed | null
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** What `log.json` holds for a log. */
function headContent({ meta, logId, closed }: LogHead): object {
  return { ...meta, id: hexOf(logId), ...(closed === null ? {} : { closed }) }
}

/** Writes the head of a log; durable on return. */
export function writeHead(disk: Disk, folder: string, head: LogHead): Promise<void> {
  return writeSealed(disk, folder, META_FILE, headContent(head))
}

function closedOf(value: unknown): Closed | null | undefined {
  if (value === undefined) return null
  const { events, lastSeq } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  return isCount(events) && isCount(lastSeq) && lastSeq <= events ? { events, lastSeq } : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** What is wrong when a log has fewer events than when it was closed; null when it has not. @param file the last segment's. */
export function lossSince(closed: Closed | null, now: Closed, file: string, offset: number): LogDamagedError | null {
  if (closed === null || now.events >= closed.events) return null
  const expected = `${closed.events} events up to seq ${closed.lastSeq}, as when the log was closed`
  return damagedBlock(file, offset, { expected, found: `${now.events} up to seq ${now.lastSeq}` })
}

/** The head of a log folder. @throws LogUsageError `not-found`, `not-a-log`, `unsupported`; LogDamagedError. */
export async function readHead(disk: Disk, folder: string): Promise<LogHead> {
  await mustBeFolder(disk, folder)
  const path = join(folder, META_FILE)
  const { content, sealed } = await readSealed(disk, path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw new LogUsageError(
      'not-a-log',
      `${folder} has no ${META_FILE}: it is not a log, or its creation was cut short (then delete it and create it again)`,
      { cause: error },
    )
  })
  const version = content['schemaVersion']
  if (Number.isSafeInteger(version) && version !== LOG_SCHEMA_VERSION) throw unsupportedSchema(version, path)
  if (!sealed) throw unsealedError(path)
  const { id } = content
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id))
    throw damagedFile(path, 0, { expected: 'an id of 16 hex digits', found: 'another' })
  const closed = closedOf(content['closed'])
  if (closed === undefined) throw damagedFile(path, 0, { expected: 'what there was when the log was closed', found: 'something else' })
  try {
    return { closed, meta: checkedMeta(content), logId: bytesOf(id) }
  } catch (error) {
    throw damagedFile(path, 0, { expected: "a log's meta", found: excerpt(error) }, error)
  }
}
