/** Logs in the formats of other programs, read back by what knows those formats and nothing of devtrail. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { recording, ROOT, Scratch } from './devtrail.ts'

const CRASH = recording('fsdax-pinned-unbind')
/** Events of the recording, and those that led to another with one that they led to. */
const EVENTS = 314

/** Logs with a gap and no times before it, and of two clocks. */
const LOGS = ['fsdax-gup-overwritten', 'two hosts'] as const

async function logOf(scratch: Scratch, name: (typeof LOGS)[number]): Promise<string> {
  if (name !== 'two hosts') return recording(name)
  const both = scratch.path('both.log')
  const hosts = ['web', 'db'].map((host) => join(ROOT, 'recordings/two-hosts', host))
  expect(await scratch.run(['merge', ...hosts, '-o', both])).toMatchObject({ code: 0 })
  return both
}

async function exported(scratch: Scratch, format: string, ...more: readonly string[]): Promise<string> {
  return exportedOf(scratch, CRASH, format, ...more)
}

async function exportedOf(scratch: Scratch, log: string, format: string, ...more: readonly string[]): Promise<string> {
  const file = scratch.path(`log.${format}`)
  expect(await scratch.run(['export', log, '--format', format, '-o', file, ...more])).toMatchObject({ code: 0, out: '' })
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
    // An arrow for each cause of each event, with a number of its own: viewers take a second end of one number for none.
    const { out } = await scratch.run(['events', CRASH, '--json', '--from', '1'])
    const causes = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; cause: number[] })
    const wanted = causes.flatMap(({ seq, cause }) => cause.filter((from) => from > 0).map((from) => `${from} ${seq}`))
    expect(wanted.length).toBeGreaterThan(50)
    const ends = new Map(of('f').map(({ id }) => [id, traceEvents.findIndex((e) => e.ph === 'f' && e.id === id)]))
    const sliceBefore = (i: number): unknown => traceEvents.slice(0, i).findLast(({ ph }) => ph === 'X')!.args!['seq']
    const arrows = of('s').map(({ id }) => {
      const begin = traceEvents.findIndex((e) => e.ph === 's' && e.id === id)
      return `${String(sliceBefore(begin))} ${String(sliceBefore(ends.get(id)!))}`
    })
    expect([of('s').length, of('f').length]).toEqual([wanted.length, wanted.length])
    expect(arrows.toSorted()).toEqual(wanted.toSorted())
    const places = new Set(of('X').map(({ pid: p, tid, ts }) => `${p} ${tid} ${ts}`))
    expect([...of('s'), ...of('f')].filter(({ pid: p, tid, ts }) => !places.has(`${p} ${tid} ${ts}`))).toEqual([])
    expect(
      of('i')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['kernel/warned', 'kernel/warned', 'memremap/referenced-at-removal'])
  })

  test.each(LOGS)('slices of a track nest, and arrows lead forward in time (%s)', async (name) => {
    using scratch = new Scratch()
    const file = await exportedOf(scratch, await logOf(scratch, name), 'chrome')
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: TraceEvent[] }
    const slices = traceEvents
      .filter(({ ph }) => ph === 'X')
      .map(({ ts, dur, ...rest }) => ({ ...rest, from: nsOf(ts!), to: nsOf(ts!) + nsOf(dur!) }))
    const crossing = [...Map.groupBy(slices, ({ pid, tid }) => `${pid} ${tid}`).values()].flatMap((of) => crossingIn(of))
    expect(crossing).toEqual([])
    const begins = new Map(traceEvents.filter(({ ph }) => ph === 's').map(({ id, ts }) => [id, ts!]))
    const ends = traceEvents.filter(({ ph }) => ph === 'f')
    expect(ends.length).toBeGreaterThan(100)
    expect(ends.filter(({ id, ts }) => !(begins.get(id)! <= ts!))).toEqual([])
    expect(JSON.stringify(traceEvents)).not.toMatch(/Infinity|NaN|undefined/)
  })

  test('goes to stdout, as text; what is no text does not', async () => {
    using scratch = new Scratch()
    const { code, out } = await scratch.run(['export', CRASH, '--format', 'chrome'])
    expect(code).toBe(0)
    expect(() => JSON.parse(out) as unknown).not.toThrow()
    expect(await scratch.run(['export', CRASH, '--format', 'perfetto'])).toMatchObject({ code: 2, out: '' })
  })
})

/** Nanoseconds of the microseconds that the format has. */
const nsOf = (us: number): number => Math.round(us * 1000)

/** Slices of one track that begin in another one and end behind it: viewers cannot show those. */
function crossingIn<S extends { readonly from: number; readonly to: number }>(slices: readonly S[]): S[] {
  const open: number[] = []
  return slices
    .toSorted((a, b) => a.from - b.from || b.to - a.to)
    .filter(({ from, to }) => {
      while (open.length > 0 && open.at(-1)! <= from) open.pop()
      const crosses = open.length > 0 && to > open.at(-1)!
      open.push(to)
      return crosses
    })
}

/** What of Perfetto's trace.proto and track_event.proto is used, by the names and numbers that they publish. */
const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule === undefined ? {} : { rule }) })
const PERFETTO = protobuf.Root.fromJSON({
  nested: {
    Trace: { fields: { packet: field(1, 'TracePacket', 'repeated') } },
    TracePacket: {
      fields: {
        timestamp: field(8, 'uint64'),
        trustedPacketSequenceId: field(10, 'uint32'),
        trackEvent: field(11, 'TrackEvent'),
        sequenceFlags: field(13, 'uint32'),
        trackDescriptor: field(60, 'TrackDescriptor'),
      },
    },
    TrackDescriptor: {
      fields: {
        uuid: field(1, 'uint64'),
        name: field(2, 'string'),
        parentUuid: field(5, 'uint64'),
        counter: field(8, 'CounterDescriptor'),
      },
    },
    CounterDescriptor: { fields: {} },
    TrackEvent: {
      fields: {
        debugAnnotations: field(4, 'DebugAnnotation', 'repeated'),
        type: field(9, 'Type'),
        trackUuid: field(11, 'uint64'),
        categories: field(22, 'string', 'repeated'),
        name: field(23, 'string'),
        counterValue: field(30, 'int64'),
        flowIds: { ...field(47, 'fixed64', 'repeated'), options: { packed: false } },
        terminatingFlowIds: { ...field(48, 'fixed64', 'repeated'), options: { packed: false } },
      },
    },
    Type: { values: { TYPE_UNSPECIFIED: 0, TYPE_SLICE_BEGIN: 1, TYPE_SLICE_END: 2, TYPE_INSTANT: 3, TYPE_COUNTER: 4 } },
    DebugAnnotation: {
      fields: {
        boolValue: field(2, 'bool'),
        intValue: field(4, 'int64'),
        doubleValue: field(5, 'double'),
        stringValue: field(6, 'string'),
        name: field(10, 'string'),
      },
    },
  },
})

interface Packet {
  readonly timestamp?: string
  readonly trustedPacketSequenceId: number
  readonly sequenceFlags?: number
  readonly trackDescriptor?: { readonly uuid: string; readonly name: string; readonly parentUuid?: string; readonly counter?: object }
  readonly trackEvent?: {
    readonly type: string
    readonly trackUuid: string
    readonly name?: string
    readonly counterValue?: string
    readonly flowIds?: readonly string[]
    readonly terminatingFlowIds?: readonly string[]
    readonly debugAnnotations?: readonly { readonly name: string; readonly intValue?: string; readonly stringValue?: string }[]
  }
}

describe('export --format perfetto', () => {
  test('is tracks of slices, counters and flows, to a library that knows their schema', async () => {
    using scratch = new Scratch()
    const bytes = readFileSync(await exported(scratch, 'perfetto'))
    const Trace = PERFETTO.lookupType('Trace')
    const { packet: packets } = Trace.toObject(Trace.decode(bytes), { longs: String, enums: String }) as { packet: Packet[] }
    const tracks = packets.flatMap(({ trackDescriptor }) => trackDescriptor ?? [])
    const device = tracks.find(({ name }) => name === 'pfn0.0')!.uuid
    const lane = tracks.find(({ name, parentUuid }) => parentUuid === device && name === 'pagemap')!.uuid
    const counter = tracks.find((track) => track.parentUuid === device && track.counter !== undefined)!.uuid
    const events = packets.flatMap(({ timestamp, trackEvent }) =>
      trackEvent === undefined ? [] : [{ time: BigInt(timestamp!), ...trackEvent }],
    )
    const onLane = events.filter(({ trackUuid }) => trackUuid === lane)
    // Every slice that begins ends, one after the other, in order.
    expect(onLane.map(({ type }) => type)).toEqual(onLane.map((_, i) => (i % 2 === 0 ? 'TYPE_SLICE_BEGIN' : 'TYPE_SLICE_END')))
    expect(onLane.map(({ time }) => time)).toEqual(onLane.map(({ time }) => time).toSorted((a, b) => (a < b ? -1 : 1)))
    expect(onLane.map(({ name }) => name)).toContain('pagemap unmapping, ref dying 0')
    const instants = events.filter(({ type }) => type === 'TYPE_INSTANT')
    expect(instants).toHaveLength(EVENTS + 3)
    const removal = instants.find(({ name }) => name === 'memremap/memory-removed')!
    expect(removal.time).toBe(9_432_496_000n)
    // 220 led to it: the arrow that ends there begins there, and nowhere else.
    const begins = instants.filter(({ flowIds }) => flowIds?.includes(removal.terminatingFlowIds![0]!))
    expect(begins.map(({ debugAnnotations }) => debugAnnotations!.find(({ name }) => name === 'seq')!.intValue)).toEqual(['220'])
    const begun = instants.flatMap(({ flowIds }) => flowIds ?? [])
    const ended = instants.flatMap(({ terminatingFlowIds }) => terminatingFlowIds ?? [])
    expect(new Set(begun).size).toBe(begun.length)
    expect(ended.toSorted()).toEqual(begun.toSorted())
    expect(events.filter(({ trackUuid }) => trackUuid === counter).map(({ type, counterValue }) => `${type} ${counterValue}`)).toContain(
      'TYPE_COUNTER 16',
    )
    expect(new Set(packets.map(({ trustedPacketSequenceId }) => trustedPacketSequenceId))).toEqual(new Set([1]))
    // What went before is forgotten, as the first packet of a writer has to say.
    expect(packets[0]!.sequenceFlags).toBe(1)
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

  test.each(LOGS)('has each event with its host, and each lane a band at a time (%s)', async (name) => {
    using scratch = new Scratch()
    const log = await logOf(scratch, name)
    using db = new DatabaseSync(await exportedOf(scratch, log, 'sqlite'), { readOnly: true })
    const all = (sql: string): unknown[] =>
      db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }))
    const lines = (await scratch.run(['events', log, '--json', '--from', '1'])).out.trim().split('\n')
    const events = lines.map((line) => JSON.parse(line) as { seq: number; host?: string; unordered?: true; device: string | null })
    expect(all('SELECT seq, device, host, unordered FROM events ORDER BY seq')).toEqual(
      events.map(({ seq, device, host, unordered }) => ({ seq, device, host: host ?? null, unordered: Number(unordered === true) })),
    )
    const { devices } = await scratch.json<{ devices: { key: string; events: number }[] }>(['devices', log, '--all'])
    const byKey = Map.groupBy(devices, ({ key }) => key)
    expect(all('SELECT device, events FROM devices ORDER BY device')).toEqual(
      [...byKey]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([device, of]) => ({ device, events: of.reduce((n, one) => n + one.events, 0) })),
    )
    const overlapping = `SELECT * FROM bands a JOIN bands b ON a.device = b.device AND a.lane = b.lane AND a.from_seq < b.from_seq
      WHERE a.to_seq IS NULL OR a.to_seq > b.from_seq OR a.to_ns > b.from_ns`
    expect(all(overlapping)).toEqual([])
    expect(
      all("SELECT * FROM bands WHERE device NOT IN (SELECT device FROM devices) OR to_ns < from_ns OR text GLOB '*Infinity*'"),
    ).toEqual([])
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
