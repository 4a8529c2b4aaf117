/** What the seed leaks or leaves dangling, each found by a rule; and that 6.1 does none of it (`spec/memremap.md` §5 (c) 18 to 21). */
import { NeverEnds } from '@devtrail/memremap'
import { describe, expect, test } from 'vitest'
import type { Violation } from '@devtrail/events'
import { encodePfn, pfnMode } from '../media/pfn-superblock.ts'
import { put } from '../media/medium.ts'
import { NULL_UUID } from '../media/uuid.ts'
import { eras, GIB, Lab, MIB, pmemOf, START, type LabInit } from '../../test/machine.ts'

/** Besides them the seed leaves mappings behind: a rule of memremap. */
const ofDriver = (lab: Lab): readonly Violation[] => lab.violations.filter((v) => v.rule.startsWith('nvdimm-pmem/'))
const rulesBroken = (lab: Lab): string[] => lab.broken().filter((rule) => rule.startsWith('nvdimm-pmem/'))

/** A pfn device bound where something stands against it. */
function failedPfn(init: LabInit, before: (lab: Lab) => void = () => {}): { lab: Lab; error: number } {
  const lab = new Lab(init)
  const pfn = lab.pfn('pmem')
  before(lab)
  lab.events.length = 0
  lab.violations.length = 0
  return { lab, error: lab.machine.bind(pfn) }
}

describe('the request queue after a pfn attach that failed', () => {
  test('19: the initialisation fails: the seed leaks its queue, 6.1 has none yet', () => {
    const seed = failedPfn({ rules: 'seed', region: { readOnly: true } })
    expect(seed.error).toBe(-6)
    expect(ofDriver(seed.lab)).toMatchObject([{ rule: 'nvdimm-pmem/queue-leaked', certainty: 'certain', device: 3 }])
    expect(seed.lab.said()).not.toContain('queue-cleanup-started')
    const later = failedPfn({ region: { readOnly: true } })
    expect([later.error, later.lab.violations]).toEqual([-6, []])
  })

  test('the region was given back all the same: it can be tried again, and leaks again', () => {
    const { lab } = failedPfn({ rules: 'seed', region: { readOnly: true } })
    lab.machine.bind(lab.region.seed('pfn'))
    expect(lab.states.pmem.queues.size).toBe(2)
    expect(ofDriver(lab).map((v) => v.rule)).toEqual(Array.from({ length: 4 }, () => 'nvdimm-pmem/queue-leaked'))
  })

  test('mapping with struct pages fails: the seed leaks, 6.1 puts its disk', () => {
    const fails = { faults: { addMemory: (pfn: number) => ({ pfn, errno: -12 }) } }
    const region = { pagemap: false }
    const seed = failedPfn({ rules: 'seed', region, ...fails })
    expect([seed.error, rulesBroken(seed.lab)]).toEqual([-12, ['nvdimm-pmem/queue-leaked']])
    const later = failedPfn({ region, ...fails })
    expect([later.error, later.lab.violations]).toEqual([-12, []])
    expect(later.lab.said()).toContain('queue-put')
  })

  test('there is no memory for the disk: both eras clean up', () => {
    for (const rules of eras) {
      let memory = true
      const { lab, error } = failedPfn({ rules, faults: { disk: () => memory } }, () => (memory = false))
      expect([error, rulesBroken(lab)]).toEqual([-12, rules === 'seed' ? ['nvdimm-pmem/counter-dangles'] : []])
    }
  })

  test('an offset that mode ram does not have is -EINVAL, with no cleanup', () => {
    const lab = new Lab({ rules: 'seed', region: { size: 128 * MIB } })
    const pfn = lab.pfn('ram')
    const sb = { kind: 'pfn', uuid: pfn.uuid!, parentUuid: NULL_UUID, flags: 0, versionMajor: 1, versionMinor: 0 } as const
    const rest = { dataoff: 2 * MIB, npfns: 32_256, mode: pfnMode.RAM, startPad: 0, endTrunc: 0, align: 0, pageSize: 0, pageStructSize: 0 }
    put(lab.region.medium, 4096, encodePfn({ ...sb, ...rest }))
    expect(lab.machine.bind(pfn)).toBe(-22)
    expect(rulesBroken(lab)).toContain('nvdimm-pmem/queue-leaked')
    expect(lab.states.pmem.queues.size).toBe(1)
  })
})

describe('the dangling counter', () => {
  test('every unbind of the seed tears the counter down while the pagemap has it', () => {
    const lab = new Lab({ rules: 'seed' })
    lab.machine.unbind(lab.region.namespaces[0]!)
    expect(lab.violations).toMatchObject([{ rule: 'nvdimm-pmem/counter-dangles', certainty: 'certain', data: { pagemap: 1 } }])
    expect(lab.violations[0]!.summary).toMatch(/^the usage counter 0x\w+ of queue 0x\w+ was torn down while pagemap 1 has it/)
  })

  test('21: so does a probe that finds a superblock', () => {
    const lab = new Lab({ rules: 'seed', region: { size: 128 * MIB } })
    const pfn = lab.pfn('ram')
    lab.machine.bind(pfn)
    lab.machine.unbind(pfn)
    pfn.store('namespace', '')
    const from = lab.events.length
    lab.violations.length = 0
    expect(lab.machine.bind(lab.region.namespaces[0]!)).toBe(-6)
    const said = lab.said(from)
    expect(said.indexOf('queue-cleanup-started')).toBeLessThan(said.indexOf('probe-ended'))
    expect(ofDriver(lab).map((v) => v.rule)).toEqual(['nvdimm-pmem/counter-dangles'])
    expect(lab.states.pmem.disks.get('pmem0')).toMatchObject({ device: lab.machine.device('pfn0.0')!.id, state: 'added' })
  })

  test('a driver that unmaps first leaves nothing dangling', () => {
    const lab = new Lab({ rules: 'seed' })
    const ns = lab.region.namespaces[0]!
    const pmem = pmemOf(ns)
    pmem.disk!.del(false)
    pmem.queue!.freeze()
    lab.machine.registry.devmMemunmapPages(ns.live, pmem.pagemap!)
    pmem.queue!.cleanup()
    expect(lab.violations).toEqual([])
  })

  test('6.1 has a counter for each', () => {
    const lab = new Lab()
    const pfn = lab.pfn()
    lab.machine.bind(pfn)
    lab.machine.unbind(pfn)
    lab.machine.rcu.drain()
    expect(lab.violations).toEqual([])
  })
})

describe('what the counter does for pages', () => {
  test('20: a BTT of the seed has its first queue cleaned up, and one of its own', () => {
    const lab = new Lab({ rules: 'seed', region: { size: 32 * MIB } })
    const btt = lab.btt()
    const from = lab.events.length
    expect(lab.machine.bind(btt)).toBe(0)
    expect(lab.said(from).filter((t) => t.startsWith('queue-allocated') || t === 'queue-put')).toEqual([
      'queue-allocated',
      'queue-put',
      'queue-allocated',
    ])
    expect(pmemOf(btt).queue).toBe(null)
    lab.machine.unbind(btt)
    expect(lab.violations.filter((v) => v.rule === 'nvdimm-pmem/queue-leaked')).toEqual([])
  })

  test('the unbind of the seed waits for a page that somebody has; that of 6.1 takes it away under him', () => {
    const pfn = Number(START >> 12n) + 5
    const seed = new Lab({ rules: 'seed', region: { size: GIB } })
    expect(seed.machine.registry.getUserPages(pfn, 1, 4)).toBe(1)
    expect(() => seed.machine.unbind(seed.region.namespaces[0]!)).toThrow(NeverEnds)
    expect(seed.said().at(-1)).toBe('queue-wait-started')
    expect(seed.region.namespaces[0]!.live.state).toBe('unbinding')
    const later = new Lab({ region: { size: GIB } })
    expect(later.machine.registry.getUserPages(pfn, 1, 4)).toBe(1)
    expect(later.machine.unbind(later.region.namespaces[0]!)).toBe(0)
    expect(later.broken()).toEqual(['memremap/referenced-at-removal'])
  })
})
