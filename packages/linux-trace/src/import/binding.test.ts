import { describe, expect, it } from 'vitest'
import { enter, imported, on, raw, ret, type Step } from './trace.test-support.ts'

const sh = on('sh-102')
const dev = (name: string): string => `dev="${name}"`
const probe = (name: string, drv = 'nd_pmem'): string => enter('really_probe', `dev="${name}" drv="${drv}"`)
const devres = (name: string, op: string, node: string, release = 'devm_kzalloc_release', size = 40): string =>
  `devres_log: ${name} ${op} 00000000${node} ${release} (${size} bytes)`

describe('the outcome of a probe', () => {
  it.each([
    [0, 'bound', 0],
    [517, 'deferred', -517],
    ['-517', 'deferred', -517],
    ['0xfffffdfb', 'deferred', -517],
    [6, 'rejected', -6],
    [19, 'rejected', -19],
    [12, 'failed', -12],
  ])('returned %s is %s', async (code, outcome, errno) => {
    const { all } = await imported([sh(probe('pfn0.0')), sh(ret('really_probe', code))])
    const [started] = all('devres/probe-started')
    expect(all('devres/probe-ended')).toMatchObject([{ data: { outcome, errno }, cause: [started!.seq] }])
  })
})

const cleanUp = (name: string): Step[] => [sh(enter('devres_release_all', dev(name))), sh(ret('devres_release_all', 0, 'really_probe'))]
const driver = (code: number): Step[] => [sh(enter('nd_pmem_probe', dev('pfn0.0'))), sh(ret('nd_pmem_probe', code))]
const KERNELS = {
  '5.10': 'Linux lab 5.10.0-32-amd64 #1 SMP x86_64 GNU/Linux',
  '5.13': 'Linux lab 5.13.19 #1 SMP x86_64 GNU/Linux',
  '5.14': 'Linux lab 5.14.0 #1 SMP x86_64 GNU/Linux',
  unknown: undefined,
}

describe('the outcome of a probe by what the kernel returns', () => {
  it.each<[kernel: keyof typeof KERNELS, within: Step[], code: number | string, outcome: string, errno: number | null]>([
    ['5.10', driver(0), 1, 'bound', 0],
    ['5.10', [...driver(-19), ...cleanUp('pfn0.0')], 0, 'rejected', -19],
    ['5.10', [...driver(-517), ...cleanUp('pfn0.0')], 0, 'deferred', -517],
    ['5.10', [...driver(-12), ...cleanUp('pfn0.0')], 0, 'failed', -12],
    ['5.10', cleanUp('pfn0.0'), 0, 'not-bound', null],
    ['5.10', [], 0, 'not-bound', null],
    ['5.10', [], -16, 'failed', -16],
    ['5.10', [], '0xfffffdfb', 'deferred', -517],
    ['5.13', [], 1, 'bound', 0],
    ['5.14', [], 1, 'failed', -1],
    ['5.14', [], 0, 'bound', 0],
    ['5.14', [], -16, 'failed', -16],
    ['unknown', [], 0, 'unknown', null],
    ['unknown', [], 1, 'unknown', null],
    ['unknown', cleanUp('pfn0.0'), 0, 'not-bound', null],
    ['unknown', [...driver(-19), ...cleanUp('pfn0.0')], 0, 'rejected', -19],
    ['unknown', cleanUp('pfn0.0'), 1, 'failed', -1],
    ['unknown', [], 19, 'rejected', -19],
  ])('%s: %#', async (kernel, within, code, outcome, errno) => {
    const uname = KERNELS[kernel]
    const steps = [sh(probe('pfn0.0')), ...within, sh(ret('really_probe', code, 'driver_probe_device'))]
    const { data, devres } = await imported(steps, uname === undefined ? {} : { uname })
    expect(data('devres/probe-ended')).toMatchObject([{ outcome, errno }])
    const [device] = devres.devices.values()
    const state = outcome === 'bound' ? 'bound' : outcome === 'unknown' ? null : 'unbound'
    expect(device!.driver).toEqual({ name: state === 'bound' ? 'nd_pmem' : null, state })
  })

  it('is told by a function that only kernels have that return errors, whatever the version says', async () => {
    const steps = [sh(probe('pfn0.0')), sh(ret('really_probe', 0, '__driver_probe_device'))]
    const { data } = await imported(steps, { uname: KERNELS['5.10'] })
    expect(data('devres/probe-ended')).toMatchObject([{ outcome: 'bound' }])
  })
})

describe('cleaning up', () => {
  it('within a probe is what a failed probe does, not an unbind', async () => {
    const { data } = await imported([
      sh(probe('pfn0.0')),
      sh(devres('pfn0.0', 'ADD', 'a')),
      sh(enter('device_unbind_cleanup', dev('pfn0.0'))),
      sh(enter('devres_release_all', dev('pfn0.0'))),
      sh(devres('pfn0.0', 'REL', 'a')),
      sh(ret('devres_release_all', 1, 'device_unbind_cleanup')),
      sh(ret('really_probe', 6)),
    ])
    expect(data('devres/unbind-cleanup-started')).toMatchObject([{ reason: 'probe-failed' }])
    expect(data('devres/release-all-ended')).toMatchObject([{ count: 1, reason: 'probe-failed' }])
  })

  it('outside is an unbind', async () => {
    const { data } = await imported([
      sh(enter('device_unbind_cleanup', dev('pfn0.0'))),
      sh(enter('devres_release_all', dev('pfn0.0'))),
      sh(ret('devres_release_all', 0, 'device_unbind_cleanup')),
    ])
    expect(data('devres/unbind-cleanup-started')).toMatchObject([{ reason: 'unbind' }])
    expect(data('devres/release-all-ended')).toMatchObject([{ count: 0, reason: 'unbind' }])
  })

  it('of another device within a probe is that one’s unbind', async () => {
    const { data } = await imported([
      sh(probe('namespace0.0')),
      sh(enter('device_unbind_cleanup', dev('pfn0.0'))),
      sh(enter('devres_release_all', dev('pfn0.0'))),
      sh(ret('devres_release_all', 0, 'device_unbind_cleanup')),
    ])
    expect(data('devres/unbind-cleanup-started')).toMatchObject([{ reason: 'unbind' }])
  })

  it.each([
    ['device_del', 'device-del'],
    ['device_release', 'device-release'],
    ['somebody', 'unknown'],
  ])('called by %s is for the reason %s', async (caller, reason) => {
    const { data } = await imported([sh(enter('devres_release_all', dev('pmem0'))), sh(ret('devres_release_all', 0, caller))])
    expect(data('devres/release-all-ended')).toMatchObject([{ reason }])
  })
})

describe('probes that nest', () => {
  it('belong each to its own device, and end innermost first', async () => {
    const { all } = await imported([
      sh(probe('region0', 'nd_region')),
      sh(probe('namespace0.0')),
      sh(devres('namespace0.0', 'ADD', 'a')),
      sh(ret('really_probe', 6)),
      sh(devres('region0', 'ADD', 'b')),
      sh(ret('really_probe', 0)),
    ])
    const [outer, inner] = all('devres/probe-started')
    expect(all('devres/probe-ended')).toMatchObject([
      { data: { device: inner!.data['device'], outcome: 'rejected' }, cause: [inner!.seq] },
      { data: { device: outer!.data['device'], outcome: 'bound' }, cause: [outer!.seq] },
    ])
    expect(all('devres/added').map((e) => e.cause)).toEqual([[inner!.seq], [outer!.seq]])
  })

  it('of several tasks do not mix', async () => {
    const kworker = on('kworker/u4:2-31', 1)
    const { all } = await imported([sh(probe('a0')), kworker(probe('b0')), sh(ret('really_probe', 12)), kworker(ret('really_probe', 0))])
    const [a, b] = all('devres/probe-started')
    expect(all('devres/probe-ended').map((e) => [e.data['device'], e.data['outcome']])).toEqual([
      [a!.data['device'], 'failed'],
      [b!.data['device'], 'bound'],
    ])
  })
})

describe('a return that has no entry', () => {
  it('is told as what it is, with the value as printed', async () => {
    const { all, data } = await imported([sh(ret('really_probe', 6, '__driver_probe_device'))])
    expect(data('kernel/returned')).toEqual([{ function: 'really_probe', caller: '__driver_probe_device', ret: '6' }])
    expect(all('devres/probe-ended')).toEqual([])
  })

  it('after a gap belongs to no call before it', async () => {
    const { all } = await imported([sh(probe('pfn0.0')), raw('CPU:0 [LOST 3 EVENTS]'), sh(ret('really_probe', 0))])
    expect(all('devres/probe-ended')).toEqual([])
    expect(all('kernel/returned')).toHaveLength(1)
  })

  it('of a pid that bears another name now belongs to no call of the former one', async () => {
    const { all } = await imported([sh(probe('pfn0.0')), on('cat-102')(ret('really_probe', 0))])
    expect(all('devres/probe-ended')).toEqual([])
  })

  it('of a pid whose name was not recorded is that of the task', async () => {
    const { all } = await imported([sh(probe('pfn0.0')), on('<...>-102')(ret('really_probe', 0))])
    expect(all('devres/probe-ended')).toHaveLength(1)
  })

  it('of an outer call ends inner ones that were not seen to return', async () => {
    const { all } = await imported([sh(probe('a0')), sh(probe('b0')), sh(enter('devres_release_all', dev('b0'))), sh(ret('really_probe', 0)), sh(devres('a0', 'ADD', 'a'))]) // prettier-ignore
    const [a, b] = all('devres/probe-started')
    expect(all('devres/probe-ended')).toMatchObject([{ data: { device: b!.data['device'] } }])
    expect(all('devres/added')[0]!.cause).toEqual([a!.seq])
  })
})

describe('a devres_log line', () => {
  it('adds, removes, replaces and releases a node', async () => {
    const { all } = await imported([
      sh(probe('pfn0.0')),
      sh(devres('pfn0.0', 'ADD', 'a')),
      sh(devres('pfn0.0', 'REPLACE', 'a', 'devm_kmalloc_release', 80)),
      sh(devres('pfn0.0', 'ADD', 'b')),
      sh(devres('pfn0.0', 'REM', 'b')),
      sh(enter('devres_release_all', dev('pfn0.0'))),
      sh(devres('pfn0.0', 'REL', 'a', 'devm_kmalloc_release', 80)),
    ])
    expect(all('devres/added').map((e) => e.data['node'])).toEqual(['0x00000000a', '0x00000000b'])
    expect(all('devres/replaced')).toMatchObject([{ data: { node: '0x00000000a', release: 'devm_kmalloc_release', size: 80 } }])
    expect(all('devres/removed')).toMatchObject([{ data: { node: '0x00000000b', release: 'devm_kzalloc_release', size: 40 } }])
    const [pass] = all('devres/release-all-started')
    expect(all('devres/released')).toMatchObject([{ data: { node: '0x00000000a' }, cause: [pass!.seq] }])
    expect(new Set(all('devres/added').map((e) => e.data['device'])).size).toBe(1)
  })

  it('knows real pointers, other names of release functions, and names with blanks', async () => {
    const { data } = await imported([
      sh('devres_log: pfn0.0 ADD 0xff33153de7b01f00 grp< (0 bytes)'),
      sh('devres_log: my device ADD ff33153de7b01f01 (null) (8 bytes)'),
    ])
    expect(data('devres/added')).toMatchObject([
      { node: '0xff33153de7b01f00', release: 'grp<', size: 0 },
      { node: '0xff33153de7b01f01', release: '(null)', size: 8 },
    ])
    expect(data('devres/device-found').map((d) => d['name'])).toEqual(['pfn0.0', 'my device'])
  })

  it('of another form is kept as it is', async () => {
    const { kept, summary } = await imported([sh('devres_log: pfn0.0 ffffffffac3aa8f2 0xff (40 bytes)')])
    expect(summary.withoutEffect).toEqual({ devres_log: 1 })
    expect(kept).toMatchObject([{ entry: 1 }])
  })
})

describe('one name on two buses', () => {
  it('is two devices, told apart by their drivers', async () => {
    const { all, data } = await imported([
      sh(probe('dax0.0', 'dax_pmem')),
      sh(probe('dax0.0', 'device_dax')),
      sh(ret('really_probe', 0)),
      sh(ret('really_probe', 0)),
    ])
    expect(data('devres/device-found')).toMatchObject([
      { name: 'dax0.0', bus: 'nd', kind: 'nd-dax' },
      { name: 'dax0.0', bus: 'dax', kind: 'dax' },
    ])
    const [outer, inner] = all('devres/probe-ended').map((e) => e.data['device'])
    expect(outer).not.toBe(inner)
  })
})
