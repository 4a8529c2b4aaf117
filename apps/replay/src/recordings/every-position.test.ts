/** A log on a disk, in segments and blocks of a few events and with keyframes in between, answers at every position as a naive full fold does. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileLog } from '@devtrail/event-log/file'
import { Facts, type AnyEvent, type Violation } from '@devtrail/events'
import {
  brokenBy,
  check,
  EventFilter,
  History,
  LogBlocks,
  Machine,
  overallOf,
  parseExpression,
  stuckTasks,
  viewOf,
  why,
} from '@devtrail/time-travel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventWords, models, refsOf, surveyOf, vocabulary } from '@devtrail/survey'
import { imported, traceLines } from './recorded.test-support.ts'
import { writeSegmented } from './segmented.test-support.ts'

/** All that is shown of a moment. */
const shown = (machine: Machine): string =>
  JSON.stringify([
    machine.devices().map((d) => [d, viewOf(machine, d.id), machine.aliases(d.id)]),
    overallOf(machine),
    refsOf(machine, null),
    stuckTasks(machine),
    [...machine.spans],
  ])

const linesOf = (name: string, how: string): string[] | undefined => {
  const lines = traceLines(name)
  const head = lines.findIndex((line) => !line.startsWith('#'))
  const at = head + Math.floor((lines.length - head) / 3)
  if (how === 'without its head') return [...lines.slice(0, head), ...lines.slice(at)]
  return how === 'with a gap' ? [...lines.slice(0, at), 'CPU:0 [LOST 40 EVENTS]', ...lines.slice(at + 40)] : undefined
}

/** Whether two violations of different rules are about a page that both name. */
const isTied = (a: Violation, b: Violation): boolean =>
  a.rule !== b.rule && (a.about ?? []).some((x) => (b.about ?? []).some((y) => x.first <= y.last && y.first <= x.last))

const names = (violations: readonly Violation[]): string[] => violations.map((v) => `${v.seq} ${v.rule} ${v.certainty} ${v.summary}`)

const CASES = [
  ['fsdax-pinned-unbind', 'whole'],
  ['lab-crash2', 'without its head'],
  ['fsdax-splice', 'with a gap'],
] as const

describe.each(CASES)('%s, %s', (name, how) => {
  let folder: string
  let events: AnyEvent[]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'devtrail-positions-'))
    ;({ events } = await imported(name, linesOf(name, how)))
    await writeSegmented(join(folder, 'log'), events)
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('state, devices, refs, stuck and spans, in any order of the positions', async () => {
    const facts = new Facts(vocabulary)
    for (const event of events) facts.learn(event)
    const machine = new Machine(models, facts)
    const expected: string[] = []
    for (const event of events) {
      machine.step(event)
      expected[event.seq] = shown(machine)
    }
    await using reader = await openFileLog(join(folder, 'log'), vocabulary)
    expect((await reader.keyframes('x')).length).toBeGreaterThan(2)
    expect((await reader.summaries()).length).toBeGreaterThan(10)
    expect((await readdir(join(folder, 'log/segments'))).length).toBeGreaterThan(2)
    const history = new History(reader, models, { fold: 'x' })
    const last = events.at(-1)!.seq
    // Every position once, to and fro.
    for (let i = 0; i <= last; i++) {
      const seq = i % 2 === 0 ? i >> 1 : last - (i >> 1)
      expect([seq, shown((await history.at({ kind: 'seq', seq })).machine)]).toEqual([seq, expected[seq]])
    }
    expect(shown(await history.end())).toBe(expected[last])
  })

  test('why: the causes, transitively', async () => {
    await using reader = await openFileLog(join(folder, 'log'), vocabulary)
    const history = new History(reader, models)
    const bySeq = new Map(events.filter(({ seq }) => seq > 0).map((e) => [e.seq, e]))
    const causesOf = (seq: number, found = new Set<number>()): Set<number> => {
      for (const cause of bySeq.get(seq)?.cause ?? []) if (bySeq.has(cause) && !found.has(cause)) causesOf(cause, found.add(cause))
      return found
    }
    for (const seq of bySeq.keys()) {
      const told = (await why(history, seq))!
      expect([seq, ...told.causes.map(({ event }) => event.seq).toSorted((a, b) => a - b)]).toEqual([
        seq,
        ...[...causesOf(seq)].toSorted((a, b) => a - b),
      ])
      // Each by the latest of those a step nearer that it led to.
      const steps = Map.groupBy([{ event: told.event, distance: 0 }, ...told.causes], ({ distance }) => distance)
      for (const { event, distance, ledTo } of told.causes) {
        const effects = steps.get(distance - 1)!.filter((nearer) => nearer.event.cause.includes(event.seq))
        expect([seq, event.seq, ledTo]).toEqual([seq, event.seq, Math.max(...effects.map((nearer) => nearer.event.seq))])
      }
    }
  })

  test.each(['pfn >= 0x109300 && refs == 1', 'pid == 135 or comm == "sh"', 'not (type == "memremap/put") && device != null'])(
    'events --where %s',
    async (where) => {
      await using reader = await openFileLog(join(folder, 'log'), vocabulary)
      const history = new History(reader, models)
      const { names } = await surveyOf(history)
      const words = eventWords(() => names)
      const filter = new EventFilter(parseExpression(where), vocabulary, words)
      const found: number[] = []
      const types = vocabulary.types().filter((type) => filter.mayFit(type))
      for await (const block of new LogBlocks(reader).blocks({ from: 1, types })) {
        const isFound = filter.within(block)
        for (let place = 0; place < block.count; place++) if (block.seq(place) > 0 && isFound(place)) found.push(block.seq(place))
      }
      const slow = new EventFilter(parseExpression(where), vocabulary, words)
      expect(found).toEqual(events.filter((e) => e.seq > 0 && slow.truth(e) === true).map(({ seq }) => seq))
    },
  )

  /** Every rule of a model at every event of its package and about the log, whatever the rule says it can break at. */
  function broken(): Violation[] {
    const machine = new Machine(models)
    return events.flatMap((event) => {
      machine.step(event)
      const judging = models.filter(({ catalogue }) => event.type.startsWith('log/') || event.type.startsWith(`${catalogue.prefix}/`))
      return judging.flatMap((m) => m.invariants.flatMap((rule) => rule.judge(machine.state(m.name), event)))
    })
  }

  test('check: what breaks, and what explains an event with which something broke', async () => {
    await using reader = await openFileLog(join(folder, 'log'), vocabulary)
    const history = new History(reader, models, { fold: 'x' })
    const expected = broken()
    expect(names((await check(history)).violations)).toEqual(names(expected))
    for (const seq of [...new Set(expected.map((v) => v.seq)), 100, 101]) {
      const here = expected.filter((v) => v.seq === seq)
      const before = expected.filter((v) => v.seq < seq && here.some((one) => isTied(one, v)))
      const told = await brokenBy(history, seq)
      expect(names(told)).toEqual(names([...before, ...here]))
      expect(told.every(({ evidence }) => evidence.every((proof) => proof <= seq))).toBe(true)
    }
  })
})
