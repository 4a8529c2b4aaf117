/** What no types have checked is refused with what to do. */
import { expect, test } from 'vitest'
import { openRecording } from '../node/open.ts'
import { importRecording } from './importer.ts'

const sink = { event: () => {}, kept: () => {} }
async function* trace(): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('   sh-1 [000] ..... 1.000001: a: x\n')
}
const untyped = importRecording as unknown as (...args: readonly unknown[]) => Promise<unknown>

test.each<[what: string, args: readonly unknown[], says: string]>([
  ['a path', ['recordings/x', sink], 'not a path: open it first (openRecording)'],
  [
    'what openRecording gives, as it is',
    [{ recording: { name: 'x', trace: trace() }, fingerprint: () => {} }, sink],
    'hand in the `recording`',
  ],
  ['nothing', [], 'this recording has no trace'],
  ['no sink', [{ name: 'x', trace: trace() }], 'an object with the functions `event` and `kept`'],
  ['a function for a sink', [{ name: 'x', trace: trace() }, () => {}], 'an object with the functions `event` and `kept`'],
])('importRecording: %s', async (_, args, says) => {
  await expect(untyped(...args)).rejects.toThrow(TypeError)
  await expect(untyped(...args)).rejects.toThrow(says)
})

test('openRecording: no path', async () => {
  const open = openRecording as unknown as () => Promise<unknown>
  await expect(open()).rejects.toThrow(new TypeError('openRecording takes the path of a recording, or - for stdin'))
})

test('one recording twice', async () => {
  const recording = { name: 'x', trace: trace() }
  await importRecording(recording, sink)
  await expect(importRecording(recording, sink)).rejects.toThrow(
    'the recording x was imported before, and its trace can be read only once: open it again',
  )
})
