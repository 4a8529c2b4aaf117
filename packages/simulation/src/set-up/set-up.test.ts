/** What a machine is when the tasks of a scenario begin, and scenarios that no machine can be brought to. */
import { ZeroMedium } from '@devtrail/nvdimm-pmem/media'
import { expect, test } from 'vitest'
import { Simulation } from '../run.ts'
import { ScenarioError } from '../scenario/place.ts'
import type { NamespaceSpec, RegionOf, Scenario } from '../scenario/scenario.ts'
import type { OpenImage } from './namespace-bytes.ts'

const GIB = '1 GiB'
const at = (n: number): string => `0x${(0x100000000 + n * 0x40000000).toString(16)}`

const scenario = (namespaces: readonly NamespaceSpec[], regions: readonly RegionOf[] = []): Scenario => ({
  name: 'x',
  says: 'x',
  ...(regions.length > 0 && { regions }),
  namespaces,
  tasks: [{ comm: 'a', pid: 1, steps: [] }],
})

interface Begun {
  readonly bound: readonly string[]
  readonly disks: readonly string[]
}

function begun(of: Scenario, rules: 'seed' | 'linux-6.1' = 'linux-6.1', open?: OpenImage): Begun {
  const { machine } = new Simulation(of, { rules, sink: () => {}, ...(open === undefined ? {} : { open }) })
  const devices = machine.nvdimm.regions.flatMap((region) => region.devices)
  return {
    bound: devices
      .filter(({ live }) => live.state === 'bound')
      .map(({ name }) => name)
      .toSorted(),
    disks: devices.flatMap(({ disk }) => (disk === null ? [] : [disk.name])),
  }
}

const one = (more: Partial<NamespaceSpec> = {}): NamespaceSpec => ({ name: 'namespace0.0', start: at(0), size: GIB, ...more })

test.each<[string, Partial<NamespaceSpec>, readonly string[], readonly string[]]>([
  ['fsdax: the seed takes it', {}, ['pfn0.0'], ['pmem0']],
  ['fsdax, found', { found: true }, ['pfn0.1'], ['pmem0']],
  ['fsdax with its struct pages in RAM, found', { found: true, map: 'mem' }, ['pfn0.1'], ['pmem0']],
  ['raw', { mode: 'raw' }, ['namespace0.0'], ['pmem0']],
  ['sector', { mode: 'sector', sectorSize: 512, size: '32 MiB' }, ['btt0.0'], ['pmem0s']],
  ['sector, found', { mode: 'sector', found: true, size: '32 MiB' }, ['btt0.1'], ['pmem0s']],
  ['devdax', { mode: 'devdax' }, ['dax0.0'], []],
  ['devdax, found', { mode: 'devdax', found: true }, ['dax0.1'], []],
  ['not bound', { bound: false }, [], []],
])('%s', (_, more, bound, disks) => {
  expect(begun(scenario([one(more)]))).toEqual({ bound, disks })
})

test('several of one region have labels; each is numbered as the kernel does it', () => {
  const several = scenario([
    one({ size: '256 MiB' }),
    { name: 'namespace0.1', start: '0x110000000', size: '256 MiB', found: true },
    { name: 'namespace0.2', start: '0x120000000', size: '256 MiB', mode: 'raw' },
    { name: 'namespace0.3', start: '0x130000000', size: '256 MiB' },
    { name: 'namespace3.0', start: at(9), size: GIB, mode: 'sector' },
  ])
  expect(begun(several)).toEqual({
    bound: ['btt3.0', 'namespace0.2', 'pfn0.0', 'pfn0.1', 'pfn0.2'],
    disks: expect.arrayContaining(['pmem0', 'pmem0.1', 'pmem0.2', 'pmem0.3', 'pmem3s']) as unknown,
  })
})

test("the seed's kernel finds no pfn device again whose struct pages are on it: its seed is set up anew; one with them in RAM it finds", () => {
  expect(begun(scenario([one({ found: true })]), 'seed').bound).toEqual(['pfn0.0'])
  expect(begun(scenario([one({ found: true, map: 'mem' })]), 'seed').bound).toEqual(['pfn0.1'])
})

const empty: OpenImage = () => new ZeroMedium(2 ** 25)

test.each<[Scenario, 'seed' | 'linux-6.1', OpenImage | undefined, string]>([
  [
    scenario([one({ size: '2 MiB' })]),
    'linux-6.1',
    undefined,
    'namespaces[0]: namespace0.0 cannot be had: namespace of pfn0.0 is refused with -6',
  ],
  [scenario([one({ size: '16 MiB', mode: 'sector' })]), 'linux-6.1', undefined, 'namespaces[0]: namespace0.0 has no room'],
  [scenario([one({ mode: 'devdax' })]), 'seed', undefined, 'namespaces[0].mode: the kernel of seed has no devdax'],
  [scenario([one({ image: 'a.img' })]), 'linux-6.1', undefined, 'namespaces[0].image: nobody said here how an image is opened'],
  [
    scenario([one({ image: 'a.img' })]),
    'linux-6.1',
    empty,
    'namespaces[0].size: the namespace has 1 GiB, and its image no more than 33554432 bytes; make it 32 MiB (a.img)',
  ],
  [
    scenario([one({ image: 'a.img', size: '32 MiB', mode: 'sector' })]),
    'linux-6.1',
    empty,
    'namespaces[0].mode: namespace0.0 is held by nobody, not by btt0.1: its bytes say something else',
  ],
  [
    scenario([one({ name: 'namespace0.1' })]),
    'linux-6.1',
    undefined,
    'namespaces[0].name: the namespaces of a region are numbered from 0: here is namespace0.0',
  ],
  [
    scenario([one({ size: '256 MiB' })], [{ name: 'region0', start: at(0), size: GIB, labels: false }]),
    'linux-6.1',
    undefined,
    'namespaces[0]: a region without labels has one namespace, namespace0.0, of all of it',
  ],
  [
    scenario([one({ start: at(1) })], [{ name: 'region0', start: at(0), size: GIB }]),
    'linux-6.1',
    undefined,
    'namespaces[0]: namespace0.0 is not within its region',
  ],
])('%# is refused with its place', (of, rules, open, says) => {
  expect(() => begun(of, rules, open)).toThrow(ScenarioError)
  expect(() => begun(of, rules, open)).toThrow(says)
})

test('bad blocks are there for the disk, behind the struct pages', () => {
  const { machine } = new Simulation(scenario([one({ badBlocks: [{ sector: 36_864 + 8, sectors: 2 }] })]), { sink: () => {} })
  const disk = machine.disk('pmem0')!
  expect([disk.submit('read', 0, new Uint8Array(4096)), disk.submit('read', 8, new Uint8Array(4096))]).toEqual([0, -5])
})
