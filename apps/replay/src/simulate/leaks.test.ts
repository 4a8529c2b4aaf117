/** What the series leaks, in scenarios of a user's own, none of which says what is to be found. */
import { checkScenario } from '@devtrail/simulation'
import { expect, test } from 'vitest'
import { broken } from './broken.test-support.ts'

const GIB = { start: '0x100000000', size: '1 GiB' }
const sh = (...steps: object[]): object[] => [{ comm: 'sh', pid: 100, steps }]
const raw = { name: 'namespace0.0', ...GIB, mode: 'raw' }
const fsdax = { name: 'namespace0.0', ...GIB }
const unbind = (device: string): object => ({ do: 'unbind', device })
const bind = (device: string): object => ({ do: 'bind', device })
const claim = (device: string): object => ({ do: 'claim', device, namespace: 'namespace0.0' })
const fails = (at: string, nth = 1): { readonly faults: object[] } => ({ faults: [{ at, nth }] })

const LEAKED = 'nvdimm-pmem/queue-leaked'
const UNMAPPED = 'nvdimm-pmem/served-without-mapping'
const DANGLES = 'nvdimm-pmem/counter-dangles'

test.each<[string, string, object]>([
  ['memory cannot be added', LEAKED, { namespaces: [fsdax], ...fails('add-memory'), tasks: sh(unbind('pfn0.0'), bind('pfn0.0')) }],
  ['a range cannot be stored', LEAKED, { namespaces: [fsdax], ...fails('store-range'), tasks: sh(unbind('pfn0.0'), bind('pfn0.0')) }],
  [
    'the region is read-only, a pfn device takes its namespace',
    LEAKED,
    {
      regions: [{ name: 'region0', ...GIB, readOnly: true }],
      namespaces: [raw],
      tasks: sh(unbind('namespace0.0'), claim('pfn0.0'), bind('pfn0.0')),
    },
  ],
  [
    'no room to map a namespace that has no superblock',
    UNMAPPED,
    { namespaces: [raw], ...fails('ioremap'), tasks: sh(unbind('namespace0.0'), bind('namespace0.0')) },
  ],
  [
    'no room to map one that is raw by force',
    UNMAPPED,
    {
      namespaces: [raw],
      ...fails('ioremap'),
      tasks: sh(unbind('namespace0.0'), { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '1' }, bind('namespace0.0')),
    },
  ],
  [
    'no room to map a BTT',
    UNMAPPED,
    {
      namespaces: [{ ...raw, size: '32 MiB', mode: 'sector' }],
      ...fails('ioremap'),
      tasks: sh(unbind('btt0.0'), bind('btt0.0')),
    },
  ],
  ['the driver of a pfn device is unbound', DANGLES, { namespaces: [fsdax], tasks: sh(unbind('pfn0.0')) }],
  [
    'the driver of a raw namespace that has struct pages is unbound',
    DANGLES,
    { regions: [{ name: 'region0', ...GIB, pagemap: true }], namespaces: [raw], tasks: sh(unbind('namespace0.0')) },
  ],
])('%s: %s under seed, and nothing under linux-6.1', (says, rule, scenario) => {
  const mine = checkScenario(JSON.parse(JSON.stringify({ name: 'mine', says, ...scenario })))
  expect(broken(mine, 'seed')).toContain(rule)
  expect(broken(mine, 'linux-6.1')).toEqual([])
})
