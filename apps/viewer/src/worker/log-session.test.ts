/** A log that is opened anew while something is sought in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { appendFileLog, createFileLog } from '@devtrail/event-log/file'
import { filesInMemory, type LogFiles } from '@devtrail/event-log/read'
import type { AnyEvent } from '@devtrail/events'
import { vocabulary } from '@devtrail/survey'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LogSession } from './log-session.ts'

const found = (seq: number): AnyEvent => ({
  seq,
  time: seq * 1000,
  type: 'devres/device-found',
  device: seq,
  cpu: 0,
  actor: null,
  entry: seq,
  cause: [],
  data: { device: seq, name: `pfn${seq}.0`, bus: 'nd', kind: 'nd-pfn', state: 'bound', driver: 'nd_pmem', fromStart: true },
})

let folder: string
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'devtrail-session-')), 'log')))
afterEach(() => rmSync(join(folder, '..'), { recursive: true }))

/** The files as they are by now. */
function filesOf(): LogFiles {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile())
  return filesInMemory(new Map(paths.map((path) => [path, readFileSync(join(folder, path))])))
}

test('a question that is being answered when the log has grown is answered', async () => {
  const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'simulated' }, notes: [] }
  const made = await createFileLog(folder, meta, vocabulary)
  await made.append([found(1), found(2)])
  await made.close()

  // Whoever reads while the server is away waits.
  let wait: Promise<void> | null = null
  let files = filesOf()
  const session = await LogSession.open(
    { fold: 'none' },
    {
      open: async (path) => {
        const file = await files.open(path)
        return (
          file && {
            size: () => file.size(),
            read: async (into, position) => {
              if (path.startsWith('segments/')) await wait
              return file.read(into, position)
            },
          }
        )
      },
      list: (path) => files.list(path),
    },
  )
  let goOn = (): void => {}
  wait = new Promise((resolve) => (goOn = resolve))
  const find = { where: 'type == "devres/device-found"', device: null, from: 1, backwards: false, limit: 10 } as const
  const asked = session.answer('find', find)
  const wrong = session.answer('find', { ...find, where: 'type ==' })
  const refused = expect(wrong).rejects.toThrow('a value is expected where the expression ends')
  await using writer = await appendFileLog(folder, vocabulary)
  await writer.append([found(3)])
  await writer.flush('written')
  files = filesOf()
  wait = null
  expect(await session.again()).toBe(true)
  goOn()
  expect((await asked).map(({ seq }) => seq)).toEqual([1, 2])
  await refused
  expect((await session.answer('find', find)).map(({ seq }) => seq)).toEqual([1, 2, 3])
})
