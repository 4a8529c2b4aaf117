import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/**
 * Keeps what comes from stdin in a file beside the cache's entries, so that it can be read like any other trace
 * (twice, packed or not). The file is gone when the work is done.
 */
export async function withSpooledStdin<T>(cache: string, signal: AbortSignal, work: (file: string) => Promise<T>): Promise<T> {
  const file = join(cache, `.stdin-${randomUUID()}`)
  try {
    await pipeline(process.stdin, createWriteStream(file, { mode: 0o600 }), { signal })
    return await work(file)
  } finally {
    await rm(file, { force: true })
  }
}
