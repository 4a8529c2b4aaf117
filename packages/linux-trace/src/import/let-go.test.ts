/** An import that ends before the trace does lets go of it. */
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { AnyEvent } from '@devtrail/events'
import type { ImportOptions } from './contract.ts'
import { importRecording } from './importer.ts'

const line = (n: number): string =>
  `  sh-1 [000] ..... ${n}.000001: r: (__release_region+0x0/0x100) parent=0xffffffff8f651c40 start=0x1000 n=0x10\n`

/** Imports a trace that never ends. @returns whether it was let go of. */
async function endsWith(message: string, options: ImportOptions, event: (e: AnyEvent) => void = () => {}): Promise<boolean> {
  let isLetGo = false
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (let n = 1; ; n += 1000) {
        await setImmediate()
        yield new TextEncoder().encode(Array.from({ length: 1000 }, (_, i) => line(n + i)).join(''))
      }
    } finally {
      isLetGo = true
    }
  }
  await expect(importRecording({ name: 'endless', trace: endless() }, { event, kept: () => {} }, options)).rejects.toThrow(message)
  return isLetGo
}

const fail = (message: string) => (): never => {
  throw new Error(message)
}

test.each<[why: string, message: string, options: ImportOptions, event?: () => never]>([
  ['it was told to stop before', 'aborted', { signal: AbortSignal.abort() }],
  ['it is told to stop', 'timeout', { signal: AbortSignal.timeout(20) }],
  ['the sink fails', 'disk is full', {}, fail('disk is full')],
  ['who is told how far it is fails', 'no terminal', { onProgress: fail('no terminal') }],
])('because %s', async (_, message, options, event) => {
  expect(await endsWith(message, options, event)).toBe(true)
})
