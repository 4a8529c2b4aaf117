import type { AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { checkScenario } from './scenario/check-scenario.ts'
import { ScenarioError } from './scenario/place.ts'
import type { Scenario, Step } from './scenario/scenario.ts'
import { Simulation, type Continuation, type Outcome } from './run.ts'
import { scenarios } from './scenarios/index.ts'

const named = (name: string): Scenario => scenarios.find((s) => s.name === name)!

const words = (event: AnyEvent): string => JSON.stringify(event, (_, v: unknown) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))

interface Told {
  readonly events: string[]
  /** How many there were before the tasks began. */
  readonly readyAt: number
  readonly outcome: Outcome
}

function told(scenario: Scenario, seed: number | null = null, rules?: 'seed' | 'linux-6.1'): Told {
  const events: string[] = []
  const run = new Simulation(scenario, { ...(rules !== undefined && { rules }), seed, sink: (event) => events.push(words(event)) })
  while (run.turn()) continue
  return { events, readyAt: run.readyAt, outcome: run.outcome }
}

/** A run that goes on in another way after event `at`. */
function forked(scenario: Scenario, at: number, how: Continuation): { events: string[]; shared: number } {
  const events: string[] = []
  const run = new Simulation(scenario, { sink: (event) => events.push(words(event)) })
  let shared = 0
  run.forkAt(at, how, () => (shared = run.machine.emitter.seq))
  while (run.turn()) continue
  return { events, shared }
}

describe('a run is its scenario, its rules and its seed', () => {
  test.each(scenarios.filter(({ name }) => name !== 'fsdax-gup-stress').map(({ name }) => name))(
    '%s: the same again, event for event',
    (name) => {
      for (const rules of ['seed', 'linux-6.1'] as const)
        for (const seed of [null, 7]) expect(told(named(name), seed, rules)).toEqual(told(named(name), seed, rules))
    },
  )

  test('other seeds give other orders, and what comes of them differs', () => {
    const outcomes = Array.from({ length: 40 }, (_, seed) => told(named('direct-io-and-truncate'), seed))
    expect(new Set(outcomes.map(({ events }) => events.join('\n'))).size).toBeGreaterThan(30)
    const hangs = outcomes.filter(({ outcome }) => outcome.hung.length > 0).length
    expect(hangs).toBeGreaterThan(0)
    expect(hangs).toBeLessThan(40)
  })

  test('a scenario read from JSON runs as the one it was made of', () => {
    for (const name of ['fsdax-pinned-unbind', 'unbind-under-load', 'failed-mapping'])
      expect(told(checkScenario(JSON.parse(JSON.stringify(named(name)))))).toEqual(told(named(name)))
  })

  test('a task can be a program', () => {
    const { events } = told({
      name: 'program',
      says: 'A task binds a device.',
      namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'raw', bound: false }],
      tasks: [
        {
          comm: 'sh',
          pid: 1,
          *program(machine) {
            yield null
            expect(machine.bind('namespace0.0')).toBe(0)
            expect(machine.disk('pmem0')?.state).toBe('added')
          },
        },
      ],
    })
    expect(events.join('\n')).toContain('"disk":"pmem0"')
  })
})

/** A scenario of a program, beside a task that has steps. */
const programmed = (program: () => Generator<null, void>): Scenario => ({
  name: 'x',
  says: 'A program.',
  tasks: [
    { comm: 'other', pid: 2, steps: [{ do: 'sleep', for: '1 ms' }] },
    { comm: 'a', pid: 1, program },
  ],
})

function* throwing(): Generator<null, void> {
  yield null
  throw new TypeError('inprogram')
}

function* endless(): Generator<null, void> {
  for (;;) yield null
}

test.each([
  ['throws', throwing, /^scenario x, task a: its program failed: inprogram$/],
  ['is no generator', (() => {}) as unknown as typeof throwing, /^scenario x, task a: its program failed: /],
  ['goes round for ever', endless, /^scenario x, task a: goes round and round: no end after 1000000 turns$/],
])('a program that %s is told with its scenario and its task', (_, program, says) => {
  const run = (): unknown => told(programmed(program))
  expect(run).toThrow(ScenarioError)
  expect(run).toThrow(says)
})

describe('what a run comes to', () => {
  test('fsdax-truncate-hang hangs under 6.1, where nobody wakes the truncation; the series does not wait', () => {
    expect(told(named('fsdax-truncate-hang')).outcome.hung).toEqual([
      { actor: { pid: 132, comm: 'truncate' }, what: 'pages of the file to become idle' },
    ])
    expect(told(named('fsdax-truncate-hang'), null, 'seed').outcome.hung).toEqual([])
  })

  test('a wait in the middle of a call that never ends: the task hangs in the call, and nothing is said that did not happen', () => {
    const load = named('unbind-under-load')
    const tasks = load.tasks.map((task) =>
      'steps' in task ? { ...task, steps: task.steps.filter((step) => step.do !== 'close-pipe') } : task,
    )
    const { events, readyAt, outcome } = told({ ...load, tasks })
    expect(outcome.hung.map(({ actor }) => actor.comm)).toEqual(['sh'])
    const types = events.map((e) => (JSON.parse(e) as AnyEvent).type)
    const waits = types.indexOf('nvdimm-pmem/queue-wait-started', readyAt)
    // The request of fio leaves; then nobody is left.
    expect(types.slice(waits + 1).filter((type) => !type.startsWith('percpu-ref/'))).toEqual(['log/ended'])
    expect(events.map((e) => (JSON.parse(e) as AnyEvent).seq)).toEqual(events.map((_, n) => n + 1))
  })

  test('unbind-under-load: the series waits for the pages, and binds again', () => {
    const { events, readyAt } = told(named('unbind-under-load'))
    const at = (part: string, from = readyAt): number => events.findIndex((e, n) => n >= from && e.includes(part))
    const waits = at('nvdimm-pmem/queue-wait-started')
    expect(waits).toBeLessThan(at('"type":"memremap/put"'))
    expect(at('"type":"memremap/put"')).toBeLessThan(at('nvdimm-pmem/queue-wait-ended'))
    expect(at('nvdimm-pmem/disk-added', waits)).toBeGreaterThan(at('memremap/unmapped'))
  })
})

test('all of the series, under load: pages are unmapped before their counter goes, and the queue is cleaned up by a task of its own', () => {
  const life: Scenario = { ...named('whole-life'), series: 20 }
  const { events, readyAt, outcome } = told({ ...life, tasks: life.tasks.filter(({ comm }) => comm !== 'pin') }, null, 'seed')
  const at = (part: string): number => events.findIndex((e, n) => n >= readyAt && e.includes(part))
  expect(outcome.hung).toEqual([])
  const order = ['queue-dead-wait-started', 'queue-dead-noticed', 'memory-removed', 'queue-usage-exited', 'queue-cleanup-ended']
  expect(order.map(at)).toEqual(order.map(at).toSorted((a, b) => a - b))
  expect(events[at('queue-usage-exited')]).toContain('"usedBy":null')
  expect(events[at('queue-cleanup-started')]).toContain('kworker')
  // Whoever has a page loses it, and with it the way to give back the counter.
  expect(told(life, null, 'seed').outcome.hung.map(({ actor }) => actor.comm)).toEqual(['ndctl', 'fio', 'kworker/u4:3'])
})

const disabling = (steps: readonly Step[]): Scenario => ({
  name: 'disable',
  says: 'A namespace is disabled.',
  namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB' }],
  tasks: [{ comm: 'ndctl', pid: 1, steps }],
})

test('disabling twice is refused the second time; what is held and not bound is given up', () => {
  const disable: Step = { do: 'disable', namespace: 'namespace0.0' }
  const twice = told(disabling([disable, disable])).outcome.refused
  expect(twice).toEqual([{ actor: { pid: 1, comm: 'ndctl' }, step: 'disable namespace0.0', errno: -19 }])
  const { events, outcome } = told(disabling([{ do: 'unbind', device: 'pfn0.0' }, disable]))
  expect(outcome.refused).toEqual([])
  expect(events.findLast((e) => e.includes('namespace-unclaimed'))).toContain('"by":"pfn0.0"')
})

describe('a fork', () => {
  test('that changes nothing gives the same run, wherever it comes', () => {
    for (const name of ['fsdax-pinned-unbind', 'unbind-under-load', 'fsdax-splice']) {
      const { events } = told(named(name))
      for (let at = 1; at < events.length - 1; at += 7) {
        const fork = forked(named(name), at, { seed: null, scenario: null })
        expect(fork.events).toEqual(events)
        expect(fork.shared).toBeGreaterThanOrEqual(at)
      }
    }
  })

  test('shares the past and goes on with other tasks, in the middle of a wait too', () => {
    const { events, readyAt } = told(named('unbind-under-load'))
    const waits = events.findIndex((e, n) => n >= readyAt && e.includes('nvdimm-pmem/queue-wait-started')) + 1
    const late: Scenario = {
      name: 'late',
      says: 'Nobody gives anything back.',
      tasks: [{ comm: 'sh', pid: 9, steps: [{ do: 'sleep', for: '1s' }] }],
    }
    const fork = forked(named('unbind-under-load'), waits, { seed: null, scenario: late })
    // The turn ends where the task begins to wait: its counter is switched until then.
    expect(fork.shared).toBeGreaterThanOrEqual(waits)
    expect(events.slice(waits, fork.shared).every((e) => e.includes('percpu-ref/'))).toBe(true)
    expect(fork.events.slice(0, waits)).toEqual(events.slice(0, waits))
    expect(fork.events.slice(waits).join('\n')).not.toContain('nvdimm-pmem/queue-wait-ended')
  })

  test('pipes and bios go on to the tasks that come', () => {
    const { events } = told(named('fsdax-pinned-unbind'))
    const spliced = events.findIndex((e) => e.includes('references-handed')) + 1
    const close: Scenario = {
      name: 'close',
      says: 'The pipe is closed first.',
      tasks: [{ comm: 'pin', pid: 135, steps: [{ do: 'close-pipe', pipe: 'p' }] }],
    }
    const fork = forked(named('fsdax-pinned-unbind'), spliced, { seed: null, scenario: close })
    expect(fork.events.filter((e) => e.includes('"type":"memremap/put"'))).toHaveLength(16)
    expect(fork.events.slice(spliced).join('\n')).not.toContain('memremap/memory-removed')
  })
})
