/// <reference lib="esnext.disposable" />
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyEvent } from '@devtrail/events'
import { expect, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { createFileLog, openFileLog } from '../file.ts'
import { CAUSES_MAX, EVENT_CHARS_MAX, META_DEPTH_MAX } from '../limits.ts'
import { checkedMeta } from '../meta.ts'
import { sampleEvent, sampleMeta, sampleVocabulary } from '../samples.ts'

function said(chars: number): AnyEvent {
  return { ...sampleEvent(2), seq: 1, data: { text: 'x'.repeat(chars), by: null } }
}

test('an event of exactly the limit is stored and read back; one character more is refused', { timeout: 60_000 }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-limits-'))
  try {
    await using writer = await createFileLog(join(root, 'log'), sampleMeta(), sampleVocabulary)
    await expect(writer.append([said(EVENT_CHARS_MAX + 1)])).rejects.toThrow(/have 16777217 characters, an event may have 16777216/)
    expect(await writer.append([said(EVENT_CHARS_MAX)])).toBe('written')
    await using reader = await openFileLog(join(root, 'log'), sampleVocabulary)
    expect(reader.lastSeq).toBe(1)
    const [event] = await eventsOf(reader)
    expect(event?.data['text']).toHaveLength(EVENT_CHARS_MAX)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})

test('a text of the limit with a lone surrogate is read by a process with little memory', { timeout: 60_000 }, () => {
  const code = `
    import { ByteWriter, decodeText } from ${JSON.stringify(join(import.meta.dirname, '../codec/bytes.ts'))}
    const text = '\\uD800'.padEnd(${EVENT_CHARS_MAX}, 'x')
    const out = new ByteWriter()
    const code = out.text(text)
    console.log(decodeText(out.written(), code) === text)`
  const args = ['--max-old-space-size=200', '--conditions=@devtrail/source', '--input-type=module-typescript', '--eval', code]
  const { stdout, status, signal } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect([stdout, status, signal]).toStrictEqual(['true\n', 0, null])
})

test('an event has as many causes as the limit and no more', async () => {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-limits-'))
  try {
    const caused = (n: number): AnyEvent => ({ ...said(1), cause: Array.from({ length: n }, (_, i) => i) })
    await using writer = await createFileLog(join(root, 'log'), sampleMeta(), sampleVocabulary)
    await expect(writer.append([caused(CAUSES_MAX + 1)])).rejects.toMatchObject({ code: 'bad-event' })
    await writer.append([caused(CAUSES_MAX)])
    await writer.flush('written')
    await using reader = await openFileLog(join(root, 'log'), sampleVocabulary)
    expect(await eventsOf(reader)).toStrictEqual([caused(CAUSES_MAX)])
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
