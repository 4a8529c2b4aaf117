/** Where benches put their files: below `BENCH_DIR`, else the system's folder for temporary files. */
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TMPFS = 0x0102_1994

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`
}

/**
 * Makes an empty folder, which is removed when the process ends. Says on stderr what it is for and what is free.
 * @throws Error when less than `bytes` are free.
 */
export function workFolder(bytes: number): string {
  const parent = process.env['BENCH_DIR'] ?? tmpdir()
  const { type, bavail, bsize } = statfsSync(parent)
  const free = bavail * bsize
  if (free < bytes) {
    throw new Error(`needs ${gib(bytes)} below ${parent}, where ${gib(free)} are free; set BENCH_DIR to a folder with more space`)
  }
  const memory = type === TMPFS ? '; this is memory, not a disk: set BENCH_DIR to a folder on one to measure durable writes' : ''
  process.stderr.write(`writes up to ${gib(bytes)} below ${parent} (${gib(free)} free), removed at the end${memory}\n`)
  const folder = mkdtempSync(join(parent, 'devtrail-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  return folder
}
