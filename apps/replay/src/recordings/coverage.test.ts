/** Recorded without one of its probes or tracepoints, no recording breaks a rule that it does not break whole. */
import { check, History } from '@devtrail/time-travel'
import type { AnyEvent } from '@devtrail/events'
import { importRecording, ownEvent } from '@devtrail/linux-trace'
import { foresee, openRecording } from '@devtrail/linux-trace/node'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { models } from '@devtrail/survey'
import { imported, names, RECORDINGS, traceLines } from './recorded.test-support.ts'

const SMALL = names.filter((name) => name !== 'fsdax-gup-stress')
const eventOf = (line: string): string | undefined => /\d+\.\d{6}: ([^\s:]+): /.exec(line)?.[1]

async function certain(name: string, without: string): Promise<string[]> {
  const kept = traceLines(name).filter((line) => eventOf(line) !== without)
  const entries = kept.filter((line) => /^ *.{0,64}?-\d+ +\[\d{3}\]/.test(line)).length
  // What was overwritten stays overwritten.
  const header = (_: string, inBuffer: string, written: string): string =>
    `entries-written: ${entries}/${entries + Number(written) - Number(inBuffer)}`
  const text = kept.map((line) => line.replace(/entries-written: (\d+)\/(\d+)/, header)).join('\n')
  const { recording } = await openRecording(join(RECORDINGS, name))
  const probes = (recording.kprobeEvents ?? '').split('\n').filter((line) => !/^[pr]\d*:dt\/(\S+)/.exec(line)?.[1]?.match(`^${without}$`))
  async function* read(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(`${text}\n`)
  }
  const kprobeEvents = probes.join('\n')
  const events: AnyEvent[] = []
  const sink = { event: (e: AnyEvent) => void events.push(ownEvent(e)), kept: () => {} }
  await importRecording({ ...recording, trace: read(), foresee: () => foresee(read, kprobeEvents), kprobeEvents }, sink)
  const { violations } = await check(new History({ read: () => events }, models, { entries }))
  return violations.filter((v) => v.certainty === 'certain').map((v) => v.rule)
}

describe.each(SMALL)('%s', (name) => {
  it('invents nothing without one of its events', async () => {
    const { history } = await imported(name)
    const whole = new Set((await check(history)).violations.filter((v) => v.certainty === 'certain').map((v) => v.rule))
    for (const event of new Set(
      traceLines(name)
        .map(eventOf)
        .filter((e) => e !== undefined),
    )) {
      const invented = (await certain(name, event)).filter((rule) => !whole.has(rule))
      expect(invented, `without ${event}`).toEqual([])
    }
  }, 60_000)
})
