/**
 * A small JSON file that tells when it was changed: an indented object whose last key, `crc32`, is the checksum of all
 * bytes before its own value. It is written aside, synced and renamed, so that it is always one whole version.
 */
import { LogUsageError } from '../errors.ts'
import { META_BYTES_MAX } from '../limits.ts'
import { damagedFile } from './damage.ts'
import type { Disk } from './disk.ts'
import { hexCrc } from './crc.ts'
import { join } from './layout.ts'

const KEY = ',\n  "crc32": "'
const END = '"\n}\n'
const TAIL_BYTES = 8 + END.length

/** The suffix of a file that is being written; no finished file has it. */
export const ASIDE = '~'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

function seal(content: object): Uint8Array {
  const body = `${JSON.stringify(content, null, 2).slice(0, -2)}${KEY}`
  return new TextEncoder().encode(`${body}${hexCrc(body)}${END}`)
}

/** The last characters of bytes, as many as they are at most. */
const endOf = (bytes: Uint8Array, chars: number): string => String.fromCharCode(...bytes.subarray(Math.max(0, bytes.length - chars)))

/** Durable on return. @throws LogUsageError `bad-meta` past META_BYTES_MAX. */
export async function writeSealed(disk: Disk, folder: string, name: string, content: object): Promise<void> {
  const bytes = seal(content)
  if (bytes.length > META_BYTES_MAX) {
    throw new LogUsageError('bad-meta', `${name} would have ${bytes.length} bytes; it may have ${META_BYTES_MAX}`)
  }
  const path = join(folder, name)
  const file = await disk.open(path + ASIDE, 'w')
  try {
    try {
      await file.write(bytes, 0)
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(path + ASIDE, path)
  } catch (error) {
    // Of a file whose sync failed nothing can be known any more, and the next one is to be another.
    await disk.remove(path + ASIDE).catch(() => {})
    throw error
  }
  await disk.syncFolder(folder)
}

/** A sealed file's content. `sealed` is false for JSON without a seal, which a newer format may be. */
export interface Unsealed {
  readonly content: { readonly [key: string]: unknown }
  readonly sealed: boolean
}

/** @throws LogDamagedError when the seal is broken or it is no JSON object; the system's error when it cannot be read. */
export async function readSealed(disk: Disk, path: string): Promise<Unsealed> {
  const file = await disk.open(path, 'r')
  let bytes: Uint8Array
  try {
    const size = await file.size()
    if (size > META_BYTES_MAX)
      throw damagedFile(path, META_BYTES_MAX, {
        expected: `at most ${META_BYTES_MAX} bytes`,
        found: `${size}`,
      })
    bytes = new Uint8Array(size)
    bytes = bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
  const body = bytes.subarray(0, Math.max(0, bytes.length - TAIL_BYTES))
  const tail = endOf(bytes, TAIL_BYTES)
  const sealed = tail.endsWith(END) && endOf(body, KEY.length) === KEY
  if (sealed && tail.slice(0, 8) !== hexCrc(body)) {
    throw damagedFile(path, 0, {
      expected: `checksum ${JSON.stringify(tail.slice(0, 8))}`,
      found: hexCrc(body),
    })
  }
  let content: unknown
  try {
    content = JSON.parse(decoder.decode(bytes))
  } catch (error) {
    throw damagedFile(path, 0, { expected: 'a JSON object', found: 'something else' }, error)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw damagedFile(path, 0, { expected: 'a JSON object', found: 'other JSON' })
  }
  return { content: content as { [key: string]: unknown }, sealed }
}

/** The error of a file that should be sealed and is not. */
export function unsealedError(path: string): Error {
  return damagedFile(path, 0, { expected: 'a checksum ("crc32") as the last key', found: 'none' })
}
