import { constants, createReadStream, createWriteStream, openSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Names under which stdin is found as a file; where it is a socket they cannot be opened. */
export const STDIN: ReadonlySet<string> = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

/** A pipe is waited for without a thread that blocks: such a thread would keep Ctrl-C from ending the process. */
export function readableOf(given: string): Readable {
  if (STDIN.has(given)) return process.stdin
  if (!statSync(given).isFIFO()) return createReadStream(given)
  return new Socket({ fd: openSync(given, constants.O_RDONLY | constants.O_NONBLOCK), readable: true, writable: false })
}

/**
 * Keeps what can be read only once (stdin, a pipe, a device) in a file below `folder`, so that it can be read like any
 * other trace (twice, packed or not). The file's name is always the same, since a recording's fingerprint holds it. It is
 * gone when the work is done.
 */
export async function withSpooled<T>(given: string, folder: string, signal: AbortSignal, work: (file: string) => Promise<T>): Promise<T> {
  const own = await mkdtemp(join(folder, '.stdin-'))
  try {
    const file = join(own, 'stdin')
    await pipeline(readableOf(given), createWriteStream(file, { mode: 0o600 }), { signal })
    return await work(file)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}
