/** All of the series (`spec/memremap.md` §5, orders, S+): cleaning up ‖ (wait until dead → unmap pages → cleaning up ends). */
import { foll, NeverEnds } from '@devtrail/memremap'
import { expect, test } from 'vitest'
import { Lab, pmemOf, START } from '../../../test/machine.ts'

/** A page of data. */
const PFN = Number(START >> 12n) + 0x1200 + 5

function bound(series: 17 | 20): Lab {
  const lab = new Lab({ rules: 'seed', series })
  expect(lab.machine.bind(lab.pfn('pmem'))).toBe(0)
  lab.violations.length = 0
  lab.events.length = 0
  return lab
}

const steps = /queue-(cleanup|dead|wait|put|usage|ref)|disk-removed|memory-removed|\/unmapped/
const said = (lab: Lab): string[] => lab.types().flatMap((type) => (steps.test(type) ? [type.slice(type.indexOf('/') + 1)] : []))
const unbind = (lab: Lab): number => lab.machine.unbind(lab.machine.device('pfn0.0')!)

test('an unbind unmaps pages once the queue is dead, and before its counter goes: nothing dangles', () => {
  const lab = bound(20)
  expect(unbind(lab)).toBe(0)
  expect(said(lab)).toEqual([
    'disk-removed',
    'queue-dead-wait-started',
    'queue-cleanup-started',
    'queue-dead-noticed',
    'queue-ref-released',
    'queue-dead-wait-ended',
    'memory-removed',
    'unmapped',
    'queue-wait-started',
    'queue-wait-ended',
    'queue-usage-exited',
    'queue-put',
    'queue-cleanup-ended',
  ])
  expect(lab.broken()).toEqual([])
  expect(lab.machine.bind(lab.machine.device('pfn0.0')!)).toBe(0)
})

test('the seed alone cleans up first, and leaves the mapping to devres', () => {
  const lab = bound(17)
  expect(unbind(lab)).toBe(0)
  const order = said(lab)
  expect(order).not.toContain('queue-dead-noticed')
  expect(order.indexOf('queue-usage-exited')).toBeLessThan(order.indexOf('memory-removed'))
  expect(lab.broken()).toEqual(['nvdimm-pmem/counter-dangles'])
})

test('death is noticed under a request that is still in the queue, which only cleaning up waits for', () => {
  const lab = bound(20)
  const { queue } = pmemOf(lab.machine.device('pfn0.0')!)
  expect(queue!.enter()).toBe(0)
  expect(() => unbind(lab)).toThrow(NeverEnds)
  const order = said(lab)
  expect(order.slice(order.indexOf('queue-dead-noticed'))).toEqual([
    'queue-dead-noticed',
    'queue-dead-wait-ended',
    'memory-removed',
    'unmapped',
    'queue-wait-started',
  ])
  queue!.exit()
  lab.machine.background.run()
  expect(said(lab).at(-1)).toBe('queue-cleanup-ended')
})

test('a page that somebody has does not keep its memory: it is warned about, and rules say so', () => {
  const lab = bound(20)
  expect(lab.machine.registry.getUserPages(PFN, 1, foll.GET)).toBe(1)
  expect(() => unbind(lab)).toThrow(NeverEnds)
  expect(lab.warnings()).toEqual([`page 0x${PFN.toString(16)} is still referenced: 2`])
  expect(lab.broken().toSorted()).toEqual(['memremap/ref-held-at-removal', 'memremap/referenced-at-removal'])
})
