import { expect, test } from 'vitest'
import { scenarios } from '../scenarios/index.ts'
import { checkScenario } from './check-scenario.ts'
import { ScenarioError } from './place.ts'
import { bytesOf, nanosecondsOf } from './units.ts'

const namespaces = [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB' }]
const files = [{ name: 'a', disk: 'pmem0', pages: 4 }]
const task = (step: unknown): unknown => ({ name: 'x', says: 'x', namespaces, files, tasks: [{ comm: 'a', pid: 1, steps: [step] }] })

const region = { name: 'region0', start: '0x100000000', size: '1 GiB' }
const ns = (more: object): unknown => ({ name: 'x', says: 'x', namespaces: [{ ...namespaces[0], ...more }], tasks: [] })

test.each<[unknown, string]>([
  [null, 'expected an object with name, says'],
  [{ name: 'X', says: 'x', tasks: [{ comm: 'a', pid: 1, steps: [] }] }, 'name: expected a name of letters, digits and dashes, found "X"'],
  [{ name: 'x', says: 'x', tasks: [], taks: [] }, 'taks: there is no such field'],
  [{ name: 'x', says: 'x', tasks: [] }, 'tasks: a scenario has tasks'],
  [{ name: 'x', says: 'x', tasks: [{ comm: 'a', pid: 1 }] }, 'tasks[0].steps: expected the steps of the task, found nothing'],
  [{ name: 'x', says: 'x', tasks: [{ comm: 'a', pid: -1, steps: [] }] }, 'tasks[0].pid: expected a number from 0'],
  [task({ do: 'unbnd' }), 'tasks[0].steps[0].do: there is no such step; known are bind'],
  [task({ do: 'unbind', device: 'pfn1.0' }), 'steps[0].device: expected a device of the scenario (namespace0.0, pfn0.0), found "pfn1.0"'],
  [task({ do: 'splice', file: 'b', pipe: 'p' }), 'steps[0].file: expected a file of the scenario (a), found "b"'],
  [task({ do: 'touch', file: 'a', page: 2, pages: 3 }), 'steps[0].pages: expected a number from 1 to 2, found 3'],
  [task({ do: 'sleep', for: '1 day' }), 'steps[0].for: expected a time such as'],
  [task({ do: 'sleep', for: '1s', more: 1 }), 'steps[0].more: there is no such field'],
  [task('sleep'), 'tasks[0].steps[0]: expected a step: an object with "do", found "sleep"'],
  [
    { name: 'x', says: 'x', namespaces: [{ ...namespaces[0], size: 4096 }], tasks: [] },
    'namespaces[0].size: expected a size that is a multiple of 2 MiB',
  ],
  [
    { name: 'x', says: 'x', namespaces: [{ ...namespaces[0], start: '0x1000' }], tasks: [] },
    'namespaces[0].start: expected a multiple of 2 MiB',
  ],
  [
    { name: 'x', says: 'x', namespaces: [...namespaces, { name: 'namespace0.1', start: '0x120000000', size: '1 GiB' }], tasks: [] },
    'namespaces[1]: namespace0.1 overlaps namespace0.0',
  ],
  [{ name: 'x', says: 'x', files, tasks: [] }, 'files[0].disk: expected a disk of the scenario (there is none)'],
  [
    { name: 'x', says: 'x', faults: [{ at: 'sun', nth: 1 }], tasks: [{ comm: 'a', pid: 1, steps: [] }] },
    'faults[0].at: expected "managed-allocation"',
  ],
  [{ name: 'x', says: 'x', series: 18, tasks: [{ comm: 'a', pid: 1, steps: [] }] }, 'series: expected 17 or 20, found 18'],
  [ns({ pfn: 'pfn0.1' }), 'namespaces[0].pfn: there is no such field; known are name, start, size, mode'],
  [ns({ mode: 'raw', map: 'mem' }), 'namespaces[0].map: only of a namespace whose mode is fsdax or devdax; here it is raw'],
  [ns({ mode: 'raw', found: true }), 'namespaces[0].found: only of a namespace whose mode is fsdax or devdax or sector; here it is raw'],
  [
    ns({ mode: 'sector', sectorSize: 1024 }),
    'namespaces[0].sectorSize: expected 512 or 520 or 528 or 4096 or 4104 or 4160 or 4224, found 1024',
  ],
  [ns({ badBlocks: [{ sector: 2 ** 21, sectors: 1 }] }), 'namespaces[0].badBlocks[0].sector: expected a number from 0 to 2097151'],
  [ns({ mode: 'sector', size: '257 GiB' }), 'namespaces[0].size: expected at most 256 GiB for a BTT, found "257 GiB"'],
  [
    {
      name: 'x',
      says: 'x',
      namespaces: [{ ...namespaces[0], size: '16 TiB', mode: 'raw' }],
      tasks: [{ comm: 'a', pid: 1, steps: [{ do: 'claim', device: 'btt0.0', namespace: 'namespace0.0' }] }],
    },
    'tasks[0].steps[0].device: a scenario with a BTT has namespaces of at most 256 GiB',
  ],
  [ns({ image: 'a\0b' }), 'namespaces[0].image: expected the path of a file'],
  [{ name: 'x', says: 'x', regions: [{ name: 'region0', start: '0x0', size: 4096 }], tasks: [] }, 'regions[0].size: expected a size'],
  [{ name: 'x', says: 'x', regions: [region, { ...region, name: 'region1' }], tasks: [] }, 'regions[1]: region1 overlaps region0'],
  [
    {
      name: 'x',
      says: 'x',
      namespaces: [{ ...namespaces[0], mode: 'sector' }],
      files: [{ name: 'a', disk: 'pmem0s', pages: 1 }],
      tasks: [],
    },
    'files[0].disk: expected a disk whose pages can be mapped',
  ],
  [task({ do: 'claim', device: 'pfn0.1', namespace: 'pfn0.0' }), 'steps[0].namespace: expected a namespace of the scenario (namespace0.0)'],
  [task({ do: 'store', device: 'pfn0.0', attribute: '../uevent', value: '' }), 'steps[0].attribute: expected the name of an attribute'],
  [task({ do: 'create-namespace', region: 'region7' }), 'steps[0].region: expected a region of the scenario (region0), found "region7"'],
  [task({ do: 'submit-bio', disk: 'pmem0', op: 'trim' }), 'steps[0].op: expected "read" or "write", found "trim"'],
  [task({ do: 'submit-bio', disk: 'pmem0', op: 'read', sectors: 1e9 }), 'steps[0].sectors: expected a number from 1 to 2048'],
  [task({ do: 'submit-bio', disk: 'sda', op: 'read' }), 'steps[0].disk: expected a disk of the scenario (pmem0), found "sda"'],
  [JSON.parse('{"name":"x","says":"x","tasks":[],"__proto__":{"a":1}}'), '__proto__: there is no such field'],
])('%# is refused with its place: %s', (value, says) => {
  expect(() => checkScenario(value)).toThrow(ScenarioError)
  expect(() => checkScenario(value)).toThrow(says)
})

test('those that are shipped are sound, and no two have one name', () => {
  for (const scenario of scenarios) expect(checkScenario(JSON.parse(JSON.stringify(scenario)))).toMatchObject({ name: scenario.name })
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
})

test('one that goes on in another machine names what is there, and brings no namespaces', () => {
  const machine = checkScenario(task({ do: 'touch', file: 'a' }))
  const late = {
    name: 'y',
    says: 'y',
    tasks: [
      {
        comm: 'b',
        pid: 2,
        steps: [
          { do: 'unbind', device: 'pfn0.0' },
          { do: 'touch', file: 'a' },
        ],
      },
    ],
  }
  expect(checkScenario(late, machine).tasks).toHaveLength(1)
  expect(() => checkScenario(late)).toThrow('device of the scenario (there is none)')
  expect(() => checkScenario({ ...late, namespaces: [{ ...namespaces[0], size: '2 GiB' }] }, machine)).toThrow('leave them out')
})

test('sizes and times', () => {
  expect([bytesOf('1 GiB'), bytesOf('0x1000'), bytesOf(7), bytesOf('2KiB')]).toEqual([1n << 30n, 4096n, 7n, 2048n])
  expect([bytesOf('1 GB'), bytesOf(-1), bytesOf('0'), bytesOf(`${'9'.repeat(30)} TiB`), bytesOf('5000 TiB')]).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
  expect([nanosecondsOf('1.5s'), nanosecondsOf('200ms'), nanosecondsOf('5us'), nanosecondsOf('0.001us'), nanosecondsOf('3ns')]).toEqual([
    1_500_000_000, 200_000_000, 5000, 1, 3,
  ])
  expect([nanosecondsOf('1'), nanosecondsOf('-1s'), nanosecondsOf('9999999999999999s')]).toEqual([null, null, null])
})
