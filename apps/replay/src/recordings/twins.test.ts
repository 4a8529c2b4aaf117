/** Each recording that the models can express has a simulated twin, which tells the same: order, devices and what both can know. */
import { readdirSync } from 'node:fs'
import type { AnyEvent } from '@devtrail/events'
import { scenarios, Simulation, type Scenario } from '@devtrail/simulation'
import { describe, expect, test } from 'vitest'
import { imported, RECORDINGS } from './recorded.test-support.ts'
import { alike, telling } from './twin.test-support.ts'

interface Twin {
  /** The recording is looked at from this mark, or this entry, on: what comes before makes the machine that the scenario has to begin with. */
  readonly from?: string | number
  /** Devices that are probed at once, each on a CPU of its own, are told of one after the other: of those the order of each is compared. */
  readonly byDevice?: boolean
  readonly byNamespace?: boolean
  /** Lines, so that nothing is compared with nothing. */
  readonly lines: number
}

const TWINS: { readonly [recording: string]: Twin } = {
  'raw-bind-unbind': { lines: 132 },
  'fsdax-splice': { from: 'pin vmsplice', lines: 178 },
  'fsdax-pinned-unbind': { lines: 87 },
  'fsdax-truncate-hang': { byNamespace: true, lines: 4101 },
  'fsdax-gup-stress': { byNamespace: true, lines: 102_600 },
  // From where the region is there again: ndctl has wiped its labels.
  'fsdax-dev': { from: 198, byDevice: true, lines: 418 },
  'devdax-dev': { byDevice: true, lines: 253 },
  'sector-btt-4096': { from: 197, byDevice: true, lines: 146 },
}

/** Why a recording has none. */
const WITHOUT: { readonly [recording: string]: string } = {
  'fsdax-gup-overwritten': 'its beginning is lost, and what is then said of each CPU alone',
  'lab-crash2': 'of the shape of fsdax-pinned-unbind, with more processes',
  'lab-crash3': 'of the shape of fsdax-pinned-unbind, with more processes',
  'lab-cycles': 'of the shape of fsdax-dev, again and again',
  'lab-devdax-splice': 'no model of references to parts of compound pages in a pipe',
  'lab-hang2': 'of the shape of fsdax-truncate-hang',
  'lab-kmem': 'no model of dax_kmem',
  'lab-kmem-stays': 'no model of dax_kmem',
  'lab-kmem-unbind-online': 'no model of dax_kmem',
  'lab-tail-gup': 'no compound pages in a file',
  'lab-tail-gup-devdax': 'no model of references to parts of compound pages',
  'lab-two-regions-devdax': 'of the shape of devdax-dev, twice',
}

/** The events of a scenario's run in order, and those of its tasks begin behind which. */
function simulated(scenario: Scenario): { events: AnyEvent[]; readyAt: number } {
  const events: AnyEvent[] = []
  const run = new Simulation(scenario, { sink: (event) => events.push(event) })
  while (run.turn()) continue
  return { events, readyAt: run.readyAt }
}

async function lines(name: string, scenario = scenarios.find((s) => s.name === name)!): Promise<{ recorded: string[]; twin: string[] }> {
  const { from: mark, byNamespace = false, byDevice = false } = TWINS[name]!
  const { events } = await imported(name)
  const isMark = (e: AnyEvent): boolean =>
    typeof mark === 'number' ? (e.entry ?? 0) >= mark : e.type === 'kernel/marked' && String(e.data['text']).includes(mark!)
  const from = mark === undefined ? 1 : events.find(isMark)!.seq
  const { events: own, readyAt } = simulated(scenario)
  const [recorded, twin] = alike(
    telling(events, { side: 'recorded', from, byNamespace, byDevice }),
    telling(own, { side: 'simulated', from: readyAt + 1, byNamespace, byDevice }),
  )
  return { recorded, twin }
}

describe('a recording and its simulated twin', () => {
  test.each(Object.keys(TWINS).filter((name) => name !== 'fsdax-pinned-unbind'))('%s: the same, line for line', async (name) => {
    const { recorded, twin } = await lines(name)
    expect(twin).toEqual(recorded)
    expect(recorded).toHaveLength(TWINS[name]!.lines)
  })

  test('fsdax-pinned-unbind: the same up to the crash; the model goes on and drops references to what is gone', async () => {
    const { recorded, twin } = await lines('fsdax-pinned-unbind')
    expect(twin.slice(0, recorded.length)).toEqual(recorded)
    expect(recorded).toHaveLength(TWINS['fsdax-pinned-unbind']!.lines)
    const rest = twin.slice(recorded.length)
    expect(rest).toHaveLength(16)
    expect(rest.filter((line) => line.startsWith('memremap/put '))).toHaveLength(16)
  })

  test('a run in which the device is unbound first is not its twin', async () => {
    const scenario = scenarios.find(({ name }) => name === 'fsdax-splice')!
    const hasty = scenario.tasks.map((task) =>
      'steps' in task ? { ...task, steps: task.steps.filter((step) => step.do !== 'wait-for') } : task,
    )
    const { recorded, twin } = await lines('fsdax-splice', { ...scenario, tasks: hasty })
    expect(twin).not.toEqual(recorded)
    expect(twin.filter((line) => line.startsWith('memremap/grabbed'))).toHaveLength(16)
  })

  test('each recording has a twin, or it is said why not', () => {
    expect([...Object.keys(TWINS), ...Object.keys(WITHOUT)].toSorted()).toEqual(readdirSync(RECORDINGS).toSorted())
  })
})
