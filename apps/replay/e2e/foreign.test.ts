/** Logs in the formats of other programs, read back by what knows those formats and nothing of devtrail. */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { recording, Scratch } from './devtrail.ts'

const CRASH = recording('fsdax-pinned-unbind')
/** Events of the recording, and those that led to another with one that they led to. */
const EVENTS = 314

async function exported(scratch: Scratch, format: string, ...more: readonly string[]): Promise<string> {
  const file = scratch.path(`log.${format}`)
  expect(await scratch.run(['export', CRASH, '--format', format, '-o', file, ...more])).toMatchObject({ code: 0, out: '' })
  return file
}

describe('export --format chrome', () => {
  interface TraceEvent {
    readonly ph: string
    readonly name: string
    readonly pid: number
    readonly tid?: number
    readonly ts?: number
    readonly dur?: number
    readonly id?: number
    readonly args?: { readonly [name: string]: unknown }
  }

  test('is slices, counters and arrows for each device', async () => {
    using scratch = new Scratch()
    const { traceEvents } = JSON.parse(readFileSync(await exported(scratch, 'chrome'), 'utf8')) as { traceEvents: TraceEvent[] }
    const of = (ph: string): TraceEvent[] => traceEvents.filter((event) => event.ph === ph)
    const processes = new Map(
      of('M')
        .filter(({ name }) => name === 'process_name')
        .map(({ pid, args }) => [args!['name'], pid]),
    )
    const pid = processes.get('pfn0.0')!
    const slices = of('X').filter((event) => event.pid === pid)
    const unmapping = slices.filter(({ name }) => name === 'pagemap unmapping, ref dying 0')
    expect(unmapping).toMatchObject([{ ts: 9_416_422, dur: 9_511_981 - 9_416_422 }])
    expect(of('X').filter(({ args }) => typeof args?.['words'] === 'string')).toHaveLength(EVENTS)
    const counted = of('C').filter((event) => event.pid === pid)
    expect(Math.max(...counted.map(({ args }) => args!['pages'] as number))).toBe(16)
    // Each arrow ends where one begins that has its number, on a slice that is there.
    const begins = new Set(of('s').map(({ id }) => id))
    expect(of('f').length).toBeGreaterThan(50)
    expect(of('f').filter(({ id }) => !begins.has(id))).toEqual([])
    const places = new Set(of('X').map(({ pid: p, tid, ts }) => `${p} ${tid} ${ts}`))
    expect([...of('s'), ...of('f')].filter(({ pid: p, tid, ts }) => !places.has(`${p} ${tid} ${ts}`))).toEqual([])
    expect(
      of('i')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['kernel/warned', 'kernel/warned', 'memremap/referenced-at-removal'])
  })

  test('goes to stdout, as text; what is no text does not', async () => {
    using scratch = new Scratch()
    const { code, out } = await scratch.run(['export', CRASH, '--format', 'chrome'])
    expect(code).toBe(0)
    expect(() => JSON.parse(out) as unknown).not.toThrow()
    expect(await scratch.run(['export', CRASH, '--format', 'perfetto'])).toMatchObject({ code: 2, out: '' })
  })
})

describe('export --format perfetto', () => {
  /** Protocol buffers, read without knowing what they mean: fields by number. */
  type Fields = Map<number, (bigint | Uint8Array)[]>

  function fieldsOf(bytes: Uint8Array): Fields {
    const fields: Fields = new Map()
    let at = 0
    const varint = (): bigint => {
      for (let value = 0n, shift = 0n; ; shift += 7n) {
        const byte = bytes[at++]!
        value |= BigInt(byte & 0x7f) << shift
        if (byte < 0x80) return value
      }
    }
    while (at < bytes.length) {
      const tag = Number(varint())
      let value: bigint | Uint8Array
      if ((tag & 7) === 0) value = varint()
      else if ((tag & 7) === 1) {
        value = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true)
        at += 8
      } else {
        const length = Number(varint())
        value = bytes.subarray(at, at + length)
        at += length
      }
      fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value])
    }
    return fields
  }

  const message = (fields: Fields, number: number): Fields => fieldsOf(fields.get(number)![0] as Uint8Array)
  const text = (fields: Fields, number: number): string => new TextDecoder().decode(fields.get(number)?.[0] as Uint8Array | undefined)

  test('is tracks of slices, counters and flows', async () => {
    using scratch = new Scratch()
    const packets = fieldsOf(readFileSync(await exported(scratch, 'perfetto')))
      .get(1)!
      .map((packet) => fieldsOf(packet as Uint8Array))
    const tracks = new Map(
      packets
        .filter((p) => p.has(60))
        .map((p) => message(p, 60))
        .map((track) => [track.get(1)![0] as bigint, track]),
    )
    const device = [...tracks.values()].find((track) => text(track, 2) === 'pfn0.0')!.get(1)![0]
    const lane = [...tracks.values()].find((track) => track.get(5)?.[0] === device && text(track, 2) === 'pagemap')!.get(1)![0]
    const events = packets.filter((p) => p.has(11)).map((p) => ({ time: p.get(8)![0] as bigint, event: message(p, 11) }))
    const onLane = events.filter(({ event }) => event.get(11)![0] === lane)
    // Every slice that begins ends, one after the other, in order.
    expect(onLane.map(({ event }) => event.get(9)![0])).toEqual(onLane.map((_, i) => (i % 2 === 0 ? 1n : 2n)))
    expect(onLane.map(({ time }) => time)).toEqual(onLane.map(({ time }) => time).toSorted((a, b) => (a < b ? -1 : 1)))
    expect(onLane.map(({ event }) => text(event, 23)).filter((name) => name !== '')).toContain('pagemap unmapping, ref dying 0')
    const instants = events.filter(({ event }) => event.get(9)![0] === 3n)
    expect(instants).toHaveLength(EVENTS + 3)
    const removal = instants.find(({ event }) => text(event, 23) === 'memremap/memory-removed')!
    expect(removal.time).toBe(9_432_496_000n)
    // 220 led to it.
    expect(removal.event.get(47)).toContain(220n)
    expect(events.some(({ event }) => event.get(9)![0] === 4n && event.get(30)![0] === 16n)).toBe(true)
    expect(packets.every((p) => p.get(10)![0] === 1n)).toBe(true)
  })
})

describe('export --format sqlite', () => {
  test('says what the command says', async () => {
    using scratch = new Scratch()
    const file = await exported(scratch, 'sqlite')
    using db = new DatabaseSync(file, { readOnly: true })
    const all = (sql: string): unknown[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }))
    const check = JSON.parse((await scratch.run(['check', CRASH, '--json'])).out) as {
      violations: { rule: string; seq: number; device: string | null; evidence: number[] }[]
    }
    expect(all('SELECT rule, seq, device FROM violations ORDER BY id').toSorted(bySeq)).toEqual(
      check.violations.map(({ rule, seq, device }) => ({ rule, seq, device })).toSorted(bySeq),
    )
    expect(all('SELECT count(*) AS n FROM evidence')).toEqual([{ n: check.violations.reduce((n, { evidence }) => n + evidence.length, 0) }])
    const lines = (await scratch.run(['events', CRASH, '--json', '--from', '1'])).out.trim().split('\n')
    const events = lines.map((line) => JSON.parse(line) as { seq: number; type: string; device: string | null; cause: number[] })
    expect(all('SELECT seq, type, device FROM events ORDER BY seq')).toEqual(events.map(({ seq, type, device }) => ({ seq, type, device })))
    expect(all('SELECT seq, cause FROM causes ORDER BY seq, cause')).toEqual(
      events.flatMap(({ seq, cause }) => cause.toSorted((a, b) => a - b).map((c) => ({ seq, cause: c }))),
    )
    expect(
      all("SELECT text FROM bands WHERE device = 'pfn0.0' AND lane = 'pages' AND from_seq <= 224 AND (to_seq > 224 OR to_seq IS NULL)"),
    ).toEqual([{ text: '16 pages referenced' }])
    expect(all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })

  test('of a redacted log has the redacted names', async () => {
    using scratch = new Scratch()
    const file = await exported(scratch, 'sqlite', '--redact')
    expect(readFileSync(file).includes('mkfs.ext4')).toBe(false)
    using db = new DatabaseSync(file, { readOnly: true })
    expect({ ...db.prepare('SELECT count(*) AS n FROM events').get() }).toEqual({ n: EVENTS })
  })
})

const bySeq = (a: unknown, b: unknown): number => (a as { seq: number }).seq - (b as { seq: number }).seq
