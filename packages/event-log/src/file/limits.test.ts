/// <reference lib="esnext.disposable" />
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { createFileLog, openFileLog } from '../file.ts'
import { EVENT_BYTES_MAX, META_DEPTH_MAX } from '../limits.ts'
import { checkedMeta } from '../meta.ts'
import { sampleEvent, sampleMeta, sampleVocabulary } from '../samples.ts'
import { toStorable } from '../stored-event.ts'
import { encodeLine } from './line.ts'

function said(chars: number): AnyEvent {
  return { ...sampleEvent(2), seq: 1, data: { text: 'x'.repeat(chars), by: null } }
}

test('an event of exactly the limit is stored and read back; one byte more is refused', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-limits-'))
  try {
    const around = encodeLine(toStorable(sampleVocabulary, said(0)).json).length - '\n'.length
    const room = EVENT_BYTES_MAX - around
    await using writer = await createFileLog(join(root, 'log'), sampleMeta(), sampleVocabulary)
    await expect(writer.append([said(room + 1)])).rejects.toThrow(/takes 67108865 bytes, an event may take 67108864/)
    expect(await writer.append([said(room)])).toBe('written')
    await using reader = await openFileLog(join(root, 'log'), sampleVocabulary)
    expect(reader.lastSeq).toBe(1)
    const [event] = await eventsOf(reader)
    expect(event?.data['text']).toHaveLength(room)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

/** A source whose innermost value is `levels` deep. */
function source(levels: number): { deep: never } {
  let value: unknown = 1
  for (let i = 2; i < levels; i++) value = [value]
  return { deep: value as never }
}

test('a meta nests as deep as the limit and no deeper', () => {
  expect(checkedMeta(sampleMeta(source(META_DEPTH_MAX))).source).toStrictEqual(source(META_DEPTH_MAX))
  expect(() => checkedMeta(sampleMeta(source(META_DEPTH_MAX + 1)))).toThrow(`more than ${META_DEPTH_MAX} levels`)
})
