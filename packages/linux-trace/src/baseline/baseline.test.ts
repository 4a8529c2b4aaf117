import { describe, expect, it } from 'vitest'
import { RecordingError } from '../errors.ts'
import { imported, on, type Told } from '../import/trace.test-support.ts'

const step = on('sh-1')('tracing_mark_write: x')
const found = (texts: { iomem?: string; ndctl?: string; mounts?: string }): Promise<Told> => imported([step], texts)
const listed = (...namespaces: object[]): Promise<Told> => found({ ndctl: JSON.stringify({ regions: [{ dev: 'region0', namespaces }] }) })
const devices = (told: Told): unknown[] =>
  told.data('devres/device-found').map((d) => [d['name'], d['bus'], d['kind'], d['state'], d['driver']])

describe('iomem.before', () => {
  it('is found as a tree, each node under its parent', async () => {
    const iomem =
      '00000000-00000fff : Reserved\n100000000-13fffffff : Persistent Memory\n  100000000-13fffffff : namespace0.0\n140000000-140000fff : <BAD>\n'
    const told = await found({ iomem })
    expect(told.data('resource-tree/found').map((d) => [d['region'], d['parent'], d['name']])).toEqual([
      [1, null, 'Reserved'],
      [2, null, 'Persistent Memory'],
      [3, 2, 'namespace0.0'],
      [4, null, null],
    ])
    expect(told.iomem).toBe(iomem)
  })

  it.each(['nonsense', '0-fff Reserved', '    0-fff : too deep', ' 0-fff : odd'])(
    '%j is refused with the file and the line',
    async (iomem) => {
      await expect(found({ iomem })).rejects.toThrow(RecordingError)
      await expect(found({ iomem })).rejects.toThrow('iomem.before: line 1: expected "START-END : NAME"')
    },
  )

  it('read without the right to see addresses is refused', async () => {
    await expect(found({ iomem: '00000000-00000000 : a\n00000000-00000000 : b\n' })).rejects.toThrow('iomem.before: every address is zero')
  })
})

describe('ndctl.before.json', () => {
  it('that is no JSON is refused', async () => {
    await expect(found({ ndctl: '{' })).rejects.toThrow('ndctl.before.json is not JSON')
  })

  it('a raw namespace is bound itself, and its disk is its own', async () => {
    const told = await listed({ dev: 'namespace0.0', mode: 'raw', blockdev: 'pmem0' })
    expect(devices(told)).toEqual([
      ['region0', 'nd', 'nd-region', null, null],
      ['namespace0.0', 'nd', 'nd-namespace', 'bound', 'nd_pmem'],
    ])
    expect(told.data('nvdimm-pmem/disk-found')).toEqual([{ device: 2, disk: 'pmem0' }])
  })

  it('a namespace of another mode is bound through what claims it: its disk is somebody else’s', async () => {
    const told = await listed({ dev: 'namespace0.0', mode: 'fsdax', map: 'dev', blockdev: 'pmem0', size: 4096 })
    expect(devices(told)[1]).toEqual(['namespace0.0', 'nd', 'nd-namespace', 'unbound', null])
    expect(told.data('nvdimm-pmem/disk-found')).toEqual([{ device: null, disk: 'pmem0' }])
    expect(told.data('nvdimm-pmem/namespace-found')).toMatchObject([
      { device: 2, mode: 'fsdax', map: 'dev', size: 4096, region: 'region0' },
    ])
  })

  it('a disabled namespace has no driver and no disk', async () => {
    const told = await listed({ dev: 'namespace0.1', mode: 'raw', blockdev: 'pmem1', state: 'disabled' })
    expect(devices(told)[1]).toEqual(['namespace0.1', 'nd', 'nd-namespace', 'unbound', null])
    expect(told.data('nvdimm-pmem/disk-found')).toEqual([])
  })

  it.each([
    ['devdax', undefined, 'bound', 'device_dax'],
    ['system-ram', undefined, 'bound', 'kmem'],
    ['devdax', 'disabled', null, null],
    [undefined, undefined, 'bound', null],
  ])('a dax device of mode %s and state %s', async (mode, state, driverState, driver) => {
    const told = await listed({ dev: 'namespace0.0', mode: 'devdax', daxregion: { devices: [{ chardev: 'dax0.0', mode, state }] } })
    expect(devices(told).at(-1)).toEqual(['dax0.0', 'dax', 'dax', driverState, driver])
  })
})

describe('mounts.before', () => {
  it('are found each, and the list is said to be complete', async () => {
    const told = await found({ mounts: '/dev/pmem0 /mnt ext4 rw,dax=always 0 0\nproc /proc proc rw 0 0\n' })
    expect(told.data('nvdimm-pmem/mount-found')).toEqual([
      { source: '/dev/pmem0', target: '/mnt', fstype: 'ext4', dax: true },
      { source: 'proc', target: '/proc', fstype: 'proc', dax: false },
    ])
    expect(told.data('nvdimm-pmem/mounts-listed')).toEqual([{ mounts: 2 }])
  })

  it('that were not recorded are not said to be none', async () => {
    expect((await found({})).data('nvdimm-pmem/mounts-listed')).toEqual([])
  })
})

it('all of it is event 0, at the time of the first entry', async () => {
  const { events } = await found({ iomem: '0-fff : Reserved\n', mounts: '' })
  const before = events.filter((e) => e.seq === 0)
  expect(before).toHaveLength(2)
  for (const e of before) expect(e).toMatchObject({ entry: null, time: 1_001_000_000, actor: null, cpu: null })
})
