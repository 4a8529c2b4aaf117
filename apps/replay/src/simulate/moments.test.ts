/** What is shown of a simulated log at a moment, from keyframes on disk, is what folding all events before it one by one gives. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LOG_SCHEMA_VERSION, type LogMeta } from '@devtrail/event-log'
import { createFileLog, openFileLog } from '@devtrail/event-log/file'
import { Facts, type AnyEvent } from '@devtrail/events'
import { simulate, scenarios } from '@devtrail/simulation'
import { EventFold, History, KeyframeRecorder, Machine, stateToJson } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { expect, test } from 'vitest'

const FOLD = 'moments'
/** Events between keyframes. */
const EVERY = 50

test.each(['seed', 'linux-6.1'] as const)('whole-life under %s: every moment', async (rules) => {
  const events: AnyEvent[] = []
  simulate(
    scenarios.find(({ name }) => name === 'whole-life')!,
    { rules, sink: (event) => events.push(event) },
  )
  const folder = await mkdtemp(join(tmpdir(), 'devtrail-moments-'))
  try {
    const log = join(folder, 'log')
    const meta: LogMeta = { schemaVersion: LOG_SCHEMA_VERSION, epoch: '0', source: { kind: 'simulated' }, notes: [] }
    const writer = await createFileLog(log, meta, vocabulary, { atomic: true })
    const machine = new Machine(models)
    const fold = new EventFold(machine)
    const recorder = new KeyframeRecorder(machine)
    for (const event of events) {
      await writer.take(event)
      fold.step(event)
      if (event.seq % EVERY === 0) await writer.keyframe(FOLD, recorder.cut(event.seq))
    }
    await writer.close()
    await using reader = await openFileLog(log, vocabulary)
    const history = new History(reader, models, { fold: FOLD })
    const facts = new Facts(vocabulary)
    for (const event of events) facts.learn(event)
    const naive = new Machine(models, facts)
    for (const event of events) {
      naive.step(event)
      const shown = await history.at({ kind: 'seq', seq: event.seq })
      const slow = stateToJson({ at: shown.at, machine: naive }, naive.devices())
      expect(stateToJson(shown, shown.machine.devices())).toEqual(slow)
    }
    expect(events.length).toBeGreaterThan(500)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
