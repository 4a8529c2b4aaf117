import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Names under which stdin is found as a file; where it is a socket they cannot be opened. */
const STDIN: ReadonlySet<string> = new Set(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])

/**
 * Keeps what can be read only once (stdin, a pipe, a device) in a file below `folder`, so that it can be read like any
 * other trace (twice, packed or not). The file's name is always the same, since a recording's fingerprint holds it. It is
 * gone when the work is done.
 */
export async function withSpooled<T>(given: string, folder: string, signal: AbortSignal, work: (file: string) => Promise<T>): Promise<T> {
  const own = await mkdtemp(join(folder, '.stdin-'))
  try {
    const file = join(own, 'stdin')
    await pipeline(STDIN.has(given) ? process.stdin : createReadStream(given), createWriteStream(file, { mode: 0o600 }), { signal })
    return await work(file)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}
