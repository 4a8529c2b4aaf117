import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'
import { expect, onTestFinished, test } from 'vitest'
import { eventsOf } from '../contract-suite.ts'
import { LogUsageError } from '../errors.ts'
import { sampleMeta } from '../samples.ts'
import { appendFileLog } from './append.ts'
import { createFileLog } from './create.ts'
import { openFileLog } from './open-folder.ts'

const counted = { n: f.count('how many') }
const older = new Vocabulary([
  declareEvents('sample', {
    counted: { version: 1, doc: 'x', fields: counted },
    same: { version: 1, doc: 'x', fields: counted },
  }),
])
const newer = new Vocabulary([
  declareEvents('sample', {
    counted: {
      version: 2,
      doc: 'x',
      fields: { unit: f.oneOf(['page', 'byte'], 'of what'), ...counted },
      upcasts: { 1: (old) => ({ ...old, unit: 'page' }) },
    },
    same: { version: 1, doc: 'x', fields: counted },
  }),
])

function event(seq: number, name: string, data: AnyEvent['data']): AnyEvent {
  return { seq, entry: null, time: seq, device: null, cpu: null, actor: null, cause: [], type: `sample/${name}`, data }
}

async function freshFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'devtrail-versions-'))
  onTestFinished(() => rm(root, { recursive: true }))
  return join(root, 'log')
}

test('a log goes on with a newer vocabulary in the segment of an older one', async () => {
  const folder = await freshFolder()
  const first = await createFileLog(folder, sampleMeta(), older)
  await first.append([event(1, 'counted', { n: 7 }), event(2, 'same', { n: 8 })])
  await first.close()
  const second = await appendFileLog(folder, newer)
  await second.append([event(3, 'counted', { unit: 'byte', n: 9 }), event(4, 'same', { n: 10 })])
  await second.close()

  await using reader = await openFileLog(folder, newer)
  expect(await eventsOf(reader)).toStrictEqual([
    event(1, 'counted', { unit: 'page', n: 7 }),
    event(2, 'same', { n: 8 }),
    event(3, 'counted', { unit: 'byte', n: 9 }),
    event(4, 'same', { n: 10 }),
  ])
  const seen: unknown[] = []
  for await (const block of reader.blocks()) for (let i = 0; i < block.count; i++) seen.push({ ...block.view(i).data })
  expect(seen).toStrictEqual([{ unit: 'page', n: 7 }, { n: 8 }, { unit: 'byte', n: 9 }, { n: 10 }])
  expect((await eventsOf(reader, { types: ['sample/counted'] })).map(({ seq }) => seq)).toStrictEqual([1, 3])

  await using behind = await openFileLog(folder, older)
  expect((await eventsOf(behind, { to: 2 })).map(({ data }) => data)).toStrictEqual([{ n: 7 }, { n: 8 }])
  const refusal: unknown = await eventsOf(behind).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(LogUsageError)
  expect(refusal).toMatchObject({ code: 'unsupported', message: expect.stringContaining('sample/counted is version 2') as string })
})
