/** Durable appends through the whole writer (events checked), beside a bare write + fdatasync and node:sqlite; and a filtered read. */
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { LOG_SCHEMA_VERSION } from '../src/contract.ts'
import { createFileLog, openFileLog } from '../src/file.ts'
import { makeEvents, vocabulary } from './events.ts'
import { interleaved, report } from './rounds.ts'

const json = process.argv.includes('--json')
const rounds = Number(process.env['ROUNDS'] ?? 9)
const root = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'devtrail-bench-'))
const meta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: {}, notes: [] } as const
const events = makeEvents(100_000)
let files = 0
let seq = 0
try {
  const log = await createFileLog(join(root, 'log'), meta, vocabulary)
  const bare = await open(join(root, 'bare'), 'w')
  let position = 0
  const one = new Uint8Array(112).fill(7)
  const next = (n: number): typeof events => events.slice(seq % 90_000, (seq % 90_000) + n).map((event) => ({ ...event, seq: ++seq }))
  // Making the numbers is part of neither side.
  report(
    'one durable event',
    await interleaved(
      [
        {
          name: 'append + flush("durable")',
          run: async () => {
            await log.append(next(1))
            await log.flush('durable')
            return 1
          },
        },
        {
          name: 'write 112 bytes + fdatasync',
          run: async () => {
            position += (await bare.write(one, 0, one.length, position)).bytesWritten
            await bare.datasync()
            return 1
          },
        },
      ],
      rounds,
      150,
    ),
    json,
  )

  const db = new DatabaseSync(join(root, 'db'))
  db.exec(
    'pragma journal_mode=wal; pragma synchronous=full; create table e (seq integer primary key, time, device, cpu, pid, comm, type, pfn, n, who)',
  )
  const insert = db.prepare('insert into e values (?,?,?,?,?,?,?,?,?,?)')
  let row = 0
  report(
    'durable batches of 1000',
    await interleaved(
      [
        {
          name: 'append + flush("durable")',
          run: async () => {
            await log.append(next(1000))
            await log.flush('durable')
            return 1000
          },
        },
        {
          name: 'node:sqlite, WAL, synchronous=FULL',
          run: () => {
            db.exec('begin')
            for (let i = 0; i < 1000; i++) {
              const { time, device, cpu, actor, type, data } = events[i]!
              insert.run(
                ++row,
                time,
                device,
                cpu,
                actor!.pid,
                actor!.comm,
                type,
                data['pfn'] as number,
                data['n'] as number,
                data['who'] as string,
              )
            }
            db.exec('commit')
            return 1000
          },
        },
      ],
      rounds,
      150,
    ),
    json,
  )
  db.close()
  await bare.close()
  await log.close()

  const stored = await createFileLog(join(root, `log-${++files}`), meta, vocabulary)
  await stored.append(events)
  await stored.close()
  await using reader = await openFileLog(join(root, `log-${files}`), vocabulary)
  const drain = async (devices?: readonly number[]): Promise<number> => {
    let last = 0
    for await (const event of reader.read(devices === undefined ? {} : { devices })) last = event.seq
    return last > 0 ? events.length : 0
  }
  report(
    'reading 100 000 events as objects (per event of the log)',
    await interleaved(
      [
        { name: 'one device of eight, interleaved', run: () => drain([3]) },
        { name: 'all', run: () => drain() },
      ],
      rounds,
    ),
    json,
  )
} finally {
  rmSync(root, { recursive: true, force: true })
}
