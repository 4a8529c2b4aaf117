/** Named byte strings beside the events, checked piece by piece. */
import { LogUsageError } from '../errors.ts'
import { IO_BYTES } from '../limits.ts'
import { isAttachmentName } from '../names.ts'
import { damagedFile } from './damage.ts'
import { errorCode, type Disk } from './disk.ts'
import { ATTACHMENTS_FILE, ATTACHMENTS_FOLDER, join } from './layout.ts'
import { hexCrc } from './crc.ts'
import { readSealed, unsealedError, writeSealed } from './sealed-json.ts'

/** One attachment as `attachments.json` lists it. */
export interface Entry {
  readonly name: string
  readonly bytes: number
  /** The checksum of each {@link IO_BYTES} of it; the last piece may be shorter. */
  readonly crc32: readonly string[]
}

function isEntry(entry: unknown): entry is Entry {
  if (typeof entry !== 'object' || entry === null) return false
  const { name, bytes, crc32 } = entry as { [key: string]: unknown }
  if (!isAttachmentName(name) || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return false
  return Array.isArray(crc32) && crc32.length === Math.ceil(bytes / IO_BYTES) && crc32.every((c) => typeof c === 'string')
}

export async function readEntries(disk: Disk, folder: string): Promise<readonly Entry[]> {
  const path = join(folder, ATTACHMENTS_FILE)
  const { content, sealed } = await readSealed(disk, path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw error
    throw damagedFile(path, 0, { expected: 'the list of attachments', found: 'no such file' }, error)
  })
  if (!sealed) throw unsealedError(path)
  const { attachments } = content
  if (!Array.isArray(attachments) || !attachments.every(isEntry)) {
    throw damagedFile(path, 0, {
      expected: 'a list of attachments with name, bytes and crc32',
      found: 'other JSON',
    })
  }
  if (new Set(attachments.map(({ name }) => name)).size < attachments.length)
    throw damagedFile(path, 0, { expected: 'each attachment once', found: 'one twice' })
  return attachments
}

export async function writeEntries(disk: Disk, folder: string, attachments: readonly Entry[]): Promise<void> {
  await writeSealed(disk, folder, ATTACHMENTS_FILE, { pieceBytes: IO_BYTES, attachments })
}

/** Cuts bytes into pieces of IO_BYTES. A piece is valid until the next one is asked for. */
async function* pieces(source: Uint8Array | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) {
    for (let at = 0; at < source.length; at += IO_BYTES) yield source.subarray(at, at + IO_BYTES)
    return
  }
  const piece = new Uint8Array(IO_BYTES)
  let filled = 0
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + IO_BYTES - filled)
      piece.set(part, filled)
      filled += part.length
      at += part.length
      if (filled === IO_BYTES) {
        yield piece
        filled = 0
      }
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

/** Stores an attachment that is not listed yet; durable on return, but not yet listed. What is not listed is not there. */
export async function writeAttachment(
  disk: Disk,
  folder: string,
  name: string,
  source: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<Entry> {
  const parent = join(folder, ATTACHMENTS_FOLDER)
  const path = join(parent, name)
  const crcs: string[] = []
  let bytes = 0
  try {
    const file = await disk.open(path, 'w')
    try {
      for await (const piece of pieces(source)) {
        crcs.push(hexCrc(piece))
        await file.write(piece, bytes)
        bytes += piece.length
      }
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    await disk.remove(path)
    throw error
  }
  await disk.syncFolder(parent)
  return { name, bytes, crc32: crcs }
}

export function findEntry(entries: readonly Entry[], name: string): Entry {
  const entry = entries.find((e) => e.name === name)
  if (entry !== undefined) return entry
  const names = entries.map((e) => e.name).join(', ') || 'none'
  throw new LogUsageError('not-found', `the log has no attachment "${name}"; it has: ${names}`)
}

/** A file's bytes. A piece is valid until the next one is asked for. */
async function* content(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const file = await disk.open(path, 'r')
  try {
    const piece = new Uint8Array(Math.max(1, Math.min(IO_BYTES, await file.size())))
    for (let at = 0; ;) {
      const read = await file.read(piece, at)
      if (read > 0) yield piece.subarray(0, read)
      if (read < piece.length) return
      at += read
    }
  } finally {
    await file.close()
  }
}

/** Sees to it that an attachment is as long as it should be, before anything of that size is allocated. @throws LogDamagedError. */
export async function mustHaveItsSize(disk: Disk, folder: string, { name, bytes }: Entry): Promise<void> {
  const path = join(folder, ATTACHMENTS_FOLDER, name)
  const size = await disk.stat(path).then(
    (found) => found.size,
    (error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error
      throw damagedFile(path, 0, { expected: `${bytes} bytes`, found: 'no such file' }, error)
    },
  )
  if (size !== bytes) throw damagedFile(path, Math.min(size, bytes), { expected: `${bytes} bytes`, found: `${size}` })
}

/** The pieces of an attachment, each checked. @throws LogDamagedError naming the byte at which the bad piece starts. */
export async function* attachmentPieces(disk: Disk, folder: string, entry: Entry): AsyncGenerator<Uint8Array> {
  const path = join(folder, ATTACHMENTS_FOLDER, entry.name)
  const wrong = (offset: number, expected: string, found: string, cause?: unknown): Error =>
    damagedFile(path, offset, { expected, found }, cause)
  let at = 0
  try {
    for await (const piece of content(disk, path)) {
      const expected = entry.crc32[at / IO_BYTES]
      const length = Math.min(IO_BYTES, entry.bytes - at)
      if (expected === undefined || piece.length > length) throw wrong(entry.bytes, `${entry.bytes} bytes`, 'more')
      if (piece.length < length) throw wrong(at + piece.length, `${entry.bytes} bytes`, `${at + piece.length}`)
      if (hexCrc(piece) !== expected) throw wrong(at, `checksum ${JSON.stringify(expected)} of ${length} bytes`, hexCrc(piece))
      yield piece.slice()
      at += piece.length
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    throw wrong(0, `${entry.bytes} bytes`, 'no such file', error)
  }
  if (at < entry.bytes) throw wrong(at, `${entry.bytes} bytes`, `${at}`)
}
