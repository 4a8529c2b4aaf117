/** Imports a trace while it is being written: from a pipe, stdin, or a file that grows. */
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createFileLog } from '@devtrail/event-log/file'
import { readLiveText, type Recording } from '@devtrail/linux-trace'
import { notToFollow } from '@devtrail/linux-trace/node'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'
import { vocabulary } from '@devtrail/survey'
import { importerVersion } from './code-version.ts'
import { importInto, metaOf } from './import.ts'
import { beginsAsJsonLines } from './json-lines.ts'
import { readableOf } from './spool.ts'

/** How long an entry waits for those that follow it, and a file that did not grow is left alone, in milliseconds. */
const QUIET_MS = 200
const CHUNK_BYTES = 1 << 16

/** What a file holds and what is added to it, until the signal aborts. */
async function* growing(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await open(path)
  try {
    for (let at = 0; !signal.aborted;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, at)
      if (bytesRead === 0) {
        if ((await file.stat()).size < at)
          throw new Failure(exit.damaged, `${path} became shorter while it was read: another trace is written there`)
        await wait(QUIET_MS, undefined, { signal }).catch(() => {})
        continue
      }
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

const quiet = (): Promise<void> => wait(QUIET_MS)

/** A pipe's bytes until it ends or the signal aborts. */
async function* piped(given: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stream = readableOf(given)
  const end = (): void => void stream.destroy()
  signal.addEventListener('abort', end)
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    // Ctrl-C ends the recording, not what was read of it.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', end)
    stream.destroy()
  }
}

/** Bytes by which a trace that is no text is known. */
const HEAD_BYTES = 32

/** What bytes are that cannot be followed, and what to do; null where nothing says so. */
const notFollowed = (head: Uint8Array): string | null =>
  beginsAsJsonLines(head) ? 'events as JSON lines, which are whole already: import it without --follow' : notToFollow(head)

/** Before a log is made for it. @throws Failure */
async function mustBeText(path: string): Promise<void> {
  const file = await open(path)
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const foreign = notFollowed(buffer.subarray(0, bytesRead))
    if (foreign !== null) throw new Failure(exit.damaged, `${path} is ${foreign}`)
  } finally {
    await file.close()
  }
}

/** The same bytes. @throws Failure when they begin as nothing does that can be followed. */
async function* text(given: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array | null = new Uint8Array(0)
  for await (const piece of bytes) {
    if (held === null) {
      yield piece
      continue
    }
    held = Buffer.concat([held, piece])
    const foreign = notFollowed(held)
    if (foreign !== null) throw new Failure(exit.damaged, `${given} is ${foreign}`)
    // A trace's first line is longer.
    if (held.length < HEAD_BYTES) continue
    yield held
    held = null
  }
  if (held !== null && held.length > 0) yield held
}

async function isGrowing(given: string): Promise<boolean> {
  if (given === '-') return false
  const found = await stat(given).catch((error: Error) => {
    throw new Failure(exit.damaged, `cannot read ${given}: ${error.message}; name a pipe, a file that grows, or - for stdin`)
  })
  if (found.isDirectory()) throw new Failure(exit.usage, `${given} is a folder; to follow it, name the trace file in it`)
  return found.isFile()
}

/**
 * Imports into a log that others can read meanwhile: events are handed over to the system at least each two times
 * {@link QUIET_MS}, however steadily more comes. Ends with the trace, or with Ctrl-C; the log is whole then. @returns whether it was interrupted.
 */
export async function importLive(given: string, folder: string, session: Session): Promise<boolean> {
  const isFile = await isGrowing(given)
  if (isFile) await mustBeText(given)
  return session.interrupt.shield(async (signal) => {
    const trace = readLiveText(text(given, isFile ? growing(given, signal) : piped(given, signal)))
    const recording: Recording = { trace, name: given === '-' ? 'stdin' : basename(given) }
    const importer = importerVersion()
    await using writer = await createFileLog(folder, metaOf(recording, importer), vocabulary, { compress: true })
    await importInto(writer, recording, importer, { quiet, onProgress: (n) => session.progress(n) })
    await writer.close()
    session.clearProgress()
    return signal.aborted
  })
}
