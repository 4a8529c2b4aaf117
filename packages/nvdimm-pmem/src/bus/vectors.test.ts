/** `spec/pmem.md` §2 (c): what a real kernel answered to writes to sysfs. */
import { describe, expect, test } from 'vitest'
import { eras, GIB, Lab, MIB } from '../../test/machine.ts'

describe.each(eras)('§2 (c): %s', (rules) => {
  test('sector_size: 1024 is none, 0x200 is 512 and shown in brackets', () => {
    const btt = new Lab({ rules }).region.seed('btt')
    expect(btt.store('sector_size', '1024')).toBe(-22)
    expect(btt.store('sector_size', '0x200')).toBe(0)
    expect(btt.show('sector_size')).toBe('[512] 520 528 4096 4104 4160 4224')
  })

  test('uuid: junk is refused', () => {
    const btt = new Lab({ rules }).region.seed('btt')
    expect([btt.store('uuid', 'junk'), btt.show('uuid')]).toEqual([-22, ''])
    expect(btt.store('uuid', '00112233-4455-6677-8899-AABBCCDDEEFF')).toBe(0)
    expect(btt.show('uuid')).toBe('00112233-4455-6677-8899-aabbccddeeff')
  })

  test('namespace: what is none, one that is not there, one again, one that is held', () => {
    const lab = new Lab({ rules })
    const { name } = lab.namespace
    const btt = lab.region.seed('btt')
    expect(btt.store('namespace', 'foo')).toBe(-22)
    expect(btt.store('namespace', 'namespace9.9')).toBe(-19)
    expect(btt.store('namespace', name)).toBe(0)
    expect(btt.store('namespace', name)).toBe(-16)
    expect(lab.region.seed('pfn').store('namespace', name)).toBe(-16)
    expect([lab.namespace.show('holder'), lab.namespace.show('mode')]).toEqual(['btt0.0', 'safe'])
  })

  test('a namespace of less than 16 MiB is not taken', () => {
    const lab = new Lab({ rules, region: { size: 16 * MIB - 4096 } })
    expect(lab.region.seed('btt').store('namespace', lab.namespace.name)).toBe(-6)
  })

  test('mode of a pfn device: bogus is none; a word is known by its beginning', () => {
    const pfn = new Lab({ rules }).region.seed('pfn')
    expect(pfn.store('mode', 'bogus')).toBe(-22)
    for (const [written, mode] of [
      ['ram', 'ram'],
      ['p', 'pmem'],
      ['none', 'none'],
      ['pmem', 'pmem'],
      ['r\n', 'ram'],
      ['\n', 'pmem'],
    ] as const) {
      expect(pfn.store('mode', written)).toBe(0)
      expect(pfn.show('mode')).toBe(mode)
    }
    expect(pfn.store('mode', 'pmems')).toBe(-22)
  })

  test('align: 8192 is none', () => {
    const pfn = new Lab({ rules }).region.seed('pfn')
    expect([pfn.store('align', '8192'), pfn.store('align', '4096')]).toEqual([-22, 0])
  })

  test('a raw namespace that is held cannot be bound', () => {
    const lab = new Lab({ rules })
    lab.pfn('ram')
    expect(lab.machine.bind(lab.region.namespaces[0]!)).toBe(-6)
  })

  test('stores while bound are refused; size and resource of what is not bound are not there', () => {
    const lab = new Lab({ rules })
    const pfn = lab.pfn('ram')
    expect([pfn.show('size'), pfn.show('resource')]).toEqual([-6, -6])
    expect(lab.machine.bind(pfn)).toBe(0)
    for (const [name, value] of [
      ['mode', 'ram'],
      ['uuid', '00112233-4455-6677-8899-aabbccddeeff'],
      ['namespace', ''],
      ['align', '4096'],
    ] as const)
      expect(pfn.store(name, value)).toBe(-16)
    expect(pfn.show('size')).toBe(`${GIB - pfn.superblock!.dataoff}`)
  })

  test('an empty namespace lets go: a seed is reset, another device vanishes', () => {
    const lab = new Lab({ rules, region: { size: 32 * MIB } })
    const { name } = lab.namespace
    const seed = lab.btt(512)
    expect(seed.store('namespace', '')).toBe(0)
    expect([seed.show('sector_size'), seed.show('uuid'), lab.machine.device(seed.name)]).toEqual([
      '512 520 528 4096 4104 4160 4224',
      '',
      seed,
    ])
    lab.btt(512)
    expect(lab.machine.bind(seed)).toBe(0)
    expect(lab.region.seed('btt').name).toBe('btt0.1')
    lab.machine.unbind(seed)
    expect(seed.store('namespace', '')).toBe(0)
    expect([lab.machine.device(seed.name), seed.live.presence, lab.machine.device(name)!.show('holder')]).toEqual([undefined, 'gone', ''])
  })

  test('binding a namespace with a BTT is -ENXIO, and its disk is there', () => {
    const lab = new Lab({ rules, region: { size: 32 * MIB } })
    const btt = lab.btt(512)
    lab.machine.bind(btt)
    lab.machine.unbind(btt)
    btt.store('namespace', '')
    const ns = lab.region.namespaces[0]!
    const from = lab.events.length
    expect(lab.machine.bind(ns)).toBe(-6)
    expect(lab.events.slice(from).find((e) => e.type === 'nvdimm-pmem/probe-ended')!.data).toMatchObject({ errno: -6, comeBackAs: 'btt' })
    expect(lab.states.pmem.disks.get('pmem0s')).toMatchObject({ state: 'added' })
    expect([ns.claim!.name, ns.hasDriver]).toEqual(['btt0.0', false])
    lab.machine.unbind(lab.machine.device('btt0.0')!)
    lab.machine.device('btt0.0')!.store('namespace', '')
    ns.store('force_raw', '1')
    expect([lab.machine.bind(ns), lab.states.pmem.disks.get('pmem0')!.state]).toEqual([0, 'added'])
  })

  test('an attribute that there is none of is -ENOENT, one that is only read -EACCES', () => {
    const pfn = new Lab({ rules }).region.seed('pfn')
    expect([pfn.store('bogus', '1'), pfn.show('bogus'), pfn.show('constructor'), pfn.store('size', '1')]).toEqual([-2, -2, -2, -13])
  })
})

test('labels: a namespace that a pfn device takes is no seed any more once that is bound', () => {
  const lab = new Lab({ region: { labels: true } })
  const ns = lab.region.createNamespace()
  const pfn = lab.pfn()
  expect(lab.region.seed('namespace')).toBe(ns)
  expect(lab.machine.bind(pfn)).toBe(0)
  expect([lab.region.seed('namespace').name, lab.region.seed('pfn').name]).toEqual(['namespace0.1', 'pfn0.1'])
})

test('labels: a namespace is made of the seed, and bound there is another', () => {
  const lab = new Lab({ region: { labels: true } })
  const first = lab.region.createNamespace({ size: 512 * MIB })
  expect(lab.machine.bind(first)).toBe(0)
  const second = lab.region.createNamespace()
  expect([second.name, second.size, lab.machine.bind(second)]).toEqual(['namespace0.1', 512 * MIB, 0])
  expect([...lab.states.pmem.disks.keys()]).toEqual(['pmem0', 'pmem0.1'])
  expect(lab.region.seed('namespace').name).toBe('namespace0.2')
  expect(lab.region.seed('namespace').store('uuid', lab.machine.newUuid())).toBe(0)
  expect(lab.region.seed('namespace').store('size', `${16 * MIB}`)).toBe(-28)
  expect(() => lab.region.createNamespace({ size: 16 * MIB })).toThrow('namespace0.2 cannot have 16777216 bytes: -28; 0 are available')
  expect(lab.violations).toEqual([])
})
