import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Totals } from './totals.ts'

export type Side = 'log' | 'lines'

/** A fold of everything in a process of its own. */
export interface Whole {
  readonly events: number
  readonly seconds: number
  /** What the process held at most beyond what it held before it opened anything. */
  readonly bytesBeyond: number
  /** Array buffers that were held at once, at most, as far as was seen. */
  readonly bufferBytesMost: number
  readonly totals: Totals
}

/** Folds a whole log, or a whole file of lines. @throws Error when the process fails. */
export async function foldWhole(side: Side, path: string): Promise<Whole> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    join(import.meta.dirname, 'whole.child.ts'),
    side,
    path,
  ])
  return JSON.parse(stdout) as Whole
}
