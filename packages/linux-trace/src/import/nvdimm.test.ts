import { describe, expect, it } from 'vitest'
import { enter, imported, on, ret, type Step } from './trace.test-support.ts'

const ndctl = on('ndctl-163')
const idle = on('<idle>-0', 1)
const pmemProbe = (detect: readonly (readonly [string, number])[], code: number): Step[] => [
  ndctl(enter('nd_pmem_probe', 'dev="namespace0.0"')),
  ...detect.flatMap(([fn, returned]) => [ndctl(enter(fn, 'dev="namespace0.0"')), ndctl(ret(fn, returned, 'nd_pmem_probe'))]),
  ndctl(ret('nd_pmem_probe', code, 'nvdimm_bus_probe')),
]

describe('autodetection', () => {
  it.each([
    ['nd_btt_probe', 'btt'],
    ['nd_pfn_probe', 'pfn'],
    ['nd_dax_probe', 'dax'],
  ])('%s that finds something, and -ENXIO: come back as %s', async (fn, kind) => {
    const before = ['nd_btt_probe', 'nd_pfn_probe', 'nd_dax_probe']
    const detect = before.slice(0, before.indexOf(fn) + 1).map((f) => [f, f === fn ? 0 : -19] as const)
    const { data } = await imported(pmemProbe(detect, -6))
    expect(data('nvdimm-pmem/autodetect-ended').at(-1)).toMatchObject({ kind, errno: 0 })
    expect(data('nvdimm-pmem/probe-ended')).toMatchObject([{ errno: -6, comeBackAs: kind }])
  })

  it('that finds nothing is a failure or a success of its own', async () => {
    const nothing = [['nd_btt_probe', -19], ['nd_pfn_probe', -19]] as const // prettier-ignore
    expect((await imported(pmemProbe(nothing, -6))).data('nvdimm-pmem/probe-ended')).toMatchObject([{ errno: -6, comeBackAs: null }])
    expect((await imported(pmemProbe(nothing, 0))).data('nvdimm-pmem/probe-ended')).toMatchObject([{ errno: 0, comeBackAs: null }])
  })

  it('of one namespace says nothing of another’s probe', async () => {
    const { data } = await imported([...pmemProbe([['nd_pfn_probe', 0]], -6), ...pmemProbe([], -6)])
    expect(data('nvdimm-pmem/probe-ended').map((d) => d['comeBackAs'])).toEqual(['pfn', null])
  })
})

describe('the disk and its queue', () => {
  it('are the device’s that the task is busy with', async () => {
    const { data } = await imported([
      ndctl(enter('nd_pmem_probe', 'dev="pfn0.0"')),
      ndctl(enter('pmem_attach_disk', 'dev="pfn0.0"')),
      ndctl(enter('device_add_disk', 'parent="pfn0.0" disk="pmem0"')),
      ndctl(ret('pmem_attach_disk', 0)),
      ndctl(ret('nd_pmem_probe', 0)),
      ndctl(enter('nd_pmem_remove', 'dev="pfn0.0"')),
      ndctl(enter('del_gendisk', 'disk="pmem0"')),
      ndctl(enter('blk_freeze_queue_start', 'q=0xff3fdf9104201e40')),
      ndctl(enter('blk_mq_freeze_queue_wait', 'q=0xff3fdf9104201e40')),
      idle(enter('blk_queue_usage_counter_release', 'ref=0xff3fdf9104201e50')),
      ndctl(ret('blk_mq_freeze_queue_wait', null, 'del_gendisk')),
    ])
    const device = data('nvdimm-pmem/probe-started')[0]!['device']
    for (const type of [
      'attach-disk-ended',
      'disk-added',
      'disk-removed',
      'queue-freeze-started',
      'queue-ref-released',
      'queue-wait-ended',
    ]) {
      expect(data(`nvdimm-pmem/${type}`)).toMatchObject([{ device }])
    }
    expect(data('nvdimm-pmem/queue-ref-released')).toMatchObject([{ queue: '0xff3fdf9104201e40', ref: '0xff3fdf9104201e50' }])
  })

  it('a reference that lies in no queue known is nobody’s', async () => {
    const { data } = await imported([
      ndctl(enter('blk_freeze_queue_start', 'q=0xff3fdf9104200000')),
      idle(enter('blk_queue_usage_counter_release', 'ref=0xff3fdf9104201000')),
      idle(enter('blk_queue_usage_counter_release', 'ref=0xff3fdf91041fffff')),
      idle(enter('blk_queue_usage_counter_release', 'ref=0xff3fdf9104200fff')),
    ])
    expect(data('nvdimm-pmem/queue-ref-released').map((d) => d['queue'])).toEqual([null, null, '0xff3fdf9104200000'])
  })
})

describe('an unbind', () => {
  it('begins with the driver’s remove callback', async () => {
    const { all } = await imported([ndctl(enter('nd_pmem_remove', 'dev="pfn0.0"')), ndctl(ret('nd_pmem_remove', 0))])
    const [started] = all('nvdimm-pmem/remove-started')
    expect(all('devres/remove-started')).toMatchObject([
      { data: { device: started!.data['device'] }, cause: [started!.seq], inferred: true },
    ])
    expect(all('nvdimm-pmem/remove-ended')).toMatchObject([{ data: { errno: 0 }, cause: [started!.seq] }])
  })

  it('proves that the device was bound, if nobody saw it being so', async () => {
    const { data } = await imported([ndctl(enter('nd_pmem_remove', 'dev="pfn0.0"'))])
    expect(data('devres/device-found')).toMatchObject([{ name: 'pfn0.0', state: 'bound', fromStart: true }])
  })
})

describe('returns without an entry', () => {
  it.each([
    'nd_pmem_probe',
    'pmem_attach_disk',
    'nd_pmem_remove',
    'nd_btt_probe',
    'nvdimm_setup_pfn',
    'nvdimm_namespace_attach_btt',
    'blk_mq_freeze_queue_wait',
  ])('%s: no more can be said than that it returned', async (fn) => {
    const { events } = await imported([ndctl(ret(fn, 0))])
    expect(events.filter((e) => e.entry === 1)).toMatchObject([{ type: 'kernel/returned', data: { function: fn } }])
  })
})
