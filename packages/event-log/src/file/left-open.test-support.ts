/** Logs as a killed writer leaves them. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogWriter } from '../contract.ts'

/** A segment without the space laid out behind its last block, which is none of the largest. */
export function withoutSpace<T extends Uint8Array>(bytes: T): T {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1) as T
}

/** Lets go of a log as if its writer had been killed: closed, and its last segment and `log.json` as they were before. */
export async function leave(writer: LogWriter, folder: string, lastSegment = join(folder, 'segments/00000001.seg')): Promise<void> {
  const files = [lastSegment, join(folder, 'log.json')].map((path) => [path, readFileSync(path)] as const)
  await writer.close()
  for (const [path, bytes] of files) await writeFile(path, bytes)
}
