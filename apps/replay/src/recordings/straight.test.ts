/** The straight way of an import, which tells events in numbers, tells what the other way tells: the same events, and the same states. */
import type { AnyEvent } from '@devtrail/events'
import { importRecording, ownEvent, type ImportSink, type ImportSummary, type Recording } from '@devtrail/linux-trace'
import { foresee, openRecording } from '@devtrail/linux-trace/node'
import { EventFold, KeyframeRecorder, Machine } from '@devtrail/time-travel'
import { models } from '@devtrail/survey'
import fc from 'fast-check'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { names, RECORDINGS, traceLines } from './recorded.test-support.ts'

const RUNS = Number(process.env['HONESTY_RUNS'] ?? 6)
/** Entries of a long recording that are looked at. */
const LONG = 6000

interface Told {
  readonly events: AnyEvent[]
  /** The states in the end, as a keyframe has them. */
  readonly states: ReadonlyMap<string, Uint8Array | null>
  readonly summary: ImportSummary
}

async function told(recording: Recording, straight: boolean): Promise<Told & { readonly rows: number }> {
  const events: AnyEvent[] = []
  const machine = new Machine(models)
  const state = (name: string) => machine.state<never>(name)
  const states = {
    devres: state('devres'),
    'resource-tree': state('resource-tree'),
    memremap: state('memremap'),
    'nvdimm-pmem': state('nvdimm-pmem'),
  }
  const fold = new EventFold(
    machine,
    models.filter(({ name }) => !Object.hasOwn(states, name)),
  )
  let rows = 0
  const sink: ImportSink = {
    event: (event) => {
      fold.step(event)
      events.push(ownEvent(event))
    },
    kept: () => {},
    ...(straight && {
      rows: {
        // Runs of any length.
        room: (seq) => 1 + (seq % 37) ** 2,
        take: (run) => {
          rows += run.count
          fold.stepRows(run)
          events.push(...run.events())
        },
      },
    }),
  }
  const summary = await importRecording(recording, sink, { states })
  fold.settle()
  return { events, rows, states: new Map(new KeyframeRecorder(machine).cut(1).parts), summary }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

async function recordingOf(name: string, lines: readonly string[] | null, without: readonly (keyof Recording)[] = []): Promise<Recording> {
  const { recording } = await openRecording(join(RECORDINGS, name))
  const parts: Record<string, unknown> = { ...recording }
  for (const part of without) delete parts[part]
  if (lines === null) return parts as unknown as Recording
  const text = `${lines.join('\n')}\n`
  const changed = { trace: once(text), foresee: () => foresee(() => once(text), recording.kprobeEvents ?? '') }
  return { ...parts, ...changed } as unknown as Recording
}

/** What is told either way, and how many events of the first came in numbers. */
async function bothWays(of: () => Promise<Recording>): Promise<{ straight: Told; other: Told; rows: number }> {
  const [{ rows, ...straight }, { rows: _, ...other }] = [await told(await of(), true), await told(await of(), false)]
  return { straight, other, rows }
}

describe.each(names)('%s', (name) => {
  const all = traceLines(name)
  const lines = all.length > LONG ? all.slice(0, LONG) : all

  it('is told the same, whole and without what was recorded beside it', async () => {
    for (const without of [[], ['kprobeEvents', 'uname', 'iomem', 'ndctl']] as const) {
      const { straight, other } = await bothWays(() => recordingOf(name, lines, without))
      expect(straight).toEqual(other)
    }
  })

  it('is told the same wherever entries are lost and wherever it ends', { timeout: 120_000 }, async () => {
    const head = lines.findIndex((line) => !line.startsWith('#'))
    const cut = fc.record({
      from: fc.integer({ min: head, max: lines.length }),
      count: fc.integer({ min: 0, max: 40 }),
      end: fc.integer({ min: head + 1, max: lines.length }),
      mark: fc.constantFrom(null, 'CPU:0 [LOST 7 EVENTS]', 'CPU:1 [LOST EVENTS]'),
    })
    await fc.assert(
      fc.asyncProperty(cut, async ({ from, count, end, mark }) => {
        const rest = [...lines.slice(0, from), ...(mark === null ? [] : [mark]), ...lines.slice(from + count)]
        const { straight, other } = await bothWays(() => recordingOf(name, rest.slice(0, Math.max(head + 1, end))))
        expect(straight).toEqual(other)
      }),
      { numRuns: all.length > LONG ? 1 : RUNS },
    )
  })
})

it.each(['fsdax-gup-stress', 'fsdax-truncate-hang', 'fsdax-pinned-unbind'])('most references of %s come in numbers', async (name) => {
  const { straight, rows } = await bothWays(() => recordingOf(name, traceLines(name).slice(0, LONG)))
  const grabs = straight.events.filter(({ type }) => /\/(?:grab-started|grabbed|looked-up|lookup-started)$/.test(type)).length
  expect(rows).toBeGreaterThan(grabs * 0.8)
  expect(rows).toBeLessThanOrEqual(grabs)
})
