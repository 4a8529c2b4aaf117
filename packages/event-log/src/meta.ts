import type { Json } from '@devtrail/events'
import { LOG_SCHEMA_VERSION, type LogMeta } from './contract.ts'
import { LogUsageError, excerpt } from './errors.ts'
import { META_BYTES_MAX, META_DEPTH_MAX } from './limits.ts'

function mustBeJson(value: unknown, path: string, depth: number): asserts value is Json {
  const refuseAt = (found: string): never => refuse(`holds ${found} at ${excerpt(path)}; it should be plain JSON`)
  if (depth > META_DEPTH_MAX) refuseAt(`more than ${META_DEPTH_MAX} levels`)
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number') return void (Number.isFinite(value) || refuseAt(String(value)))
  if (typeof value !== 'object') refuseAt(`a ${typeof value}`)
  if (Array.isArray(value)) {
    for (const [i, v] of value.entries()) mustBeJson(v, `${path}[${i}]`, depth + 1)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) refuseAt('an object of a class')
  for (const [key, v] of Object.entries(value as object)) mustBeJson(v, `${path}.${key}`, depth + 1)
}

function refuse(what: string): never {
  throw new LogUsageError('bad-meta', `the log's meta ${what}`)
}

/**
 * A checked copy of a meta, cut loose from the caller's.
 * @throws LogUsageError `unsupported` for another schemaVersion, else `bad-meta` saying what is wrong where.
 */
export function checkedMeta(meta: unknown): LogMeta {
  if (typeof meta !== 'object' || meta === null) return refuse('should be an object')
  const { schemaVersion, epoch, source, notes } = meta as Record<string, unknown>
  if (schemaVersion !== LOG_SCHEMA_VERSION) throw unsupportedSchema(schemaVersion)
  if (typeof epoch !== 'string' || !/^-?\d{1,30}$/.test(epoch)) {
    refuse('needs an epoch: nanoseconds as a decimal string, such as "1700000000000000000"')
  }
  if (typeof source !== 'object' || source === null || Array.isArray(source)) refuse('needs a source: a JSON object')
  mustBeJson(source, 'source', 1)
  if (!Array.isArray(notes) || !notes.every((n) => typeof n === 'string')) refuse('needs notes: a list of strings')
  const text = JSON.stringify({ schemaVersion, epoch, source, notes })
  if (text.length > META_BYTES_MAX) refuse(`is too large: its JSON may have ${META_BYTES_MAX} bytes, it has ${text.length} characters`)
  return JSON.parse(text) as LogMeta
}

export function unsupportedSchema(found: unknown, where = 'the log'): LogUsageError {
  const text = typeof found === 'number' ? String(found) : typeof found
  const older = typeof found === 'number' && found < LOG_SCHEMA_VERSION
  const todo = older ? 'import the recording again' : 'use a newer devtrail'
  return new LogUsageError(
    'unsupported',
    `${where} has schemaVersion ${text}; this version of devtrail knows ${LOG_SCHEMA_VERSION}: ${todo}`,
  )
}
