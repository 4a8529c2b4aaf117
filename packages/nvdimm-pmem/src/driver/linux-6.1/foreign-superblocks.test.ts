/** Superblocks that no 6.1 made: what 6.1.192 did with each, on an NVDIMM of 200 MiB at 4 GiB without labels. */
import { describe, expect, test } from 'vitest'
import { Lab, MIB } from '../../../test/machine.ts'
import type { NdPfn } from '../../bus/nd-pfn.ts'
import { put } from '../../media/medium.ts'
import { encodePfn, type PfnSuperblock } from '../../media/pfn-superblock.ts'
import { NULL_UUID } from '../../media/uuid.ts'

const usual: PfnSuperblock = {
  kind: 'pfn',
  uuid: '00112233-4455-6677-8899-aabbccddeeff',
  parentUuid: NULL_UUID,
  flags: 0,
  versionMajor: 1,
  versionMinor: 4,
  dataoff: 4 * MIB,
  npfns: 50_176,
  mode: 2,
  startPad: 0,
  endTrunc: 0,
  align: 2 * MIB,
  pageSize: 4096,
  pageStructSize: 64,
}

/** Binds the raw namespace over it: the errno, whose it is then, whether that is bound, the bytes served, and what was warned. */
function found(change: Partial<PfnSuperblock>): unknown[] {
  const lab = new Lab({ region: { size: 200 * MIB } })
  const ns = lab.namespace
  put(lab.region.medium, 4096, encodePfn({ ...usual, ...change }))
  const error = lab.machine.bind(ns)
  const holder = ns.show('holder') as string
  if (holder === '') return [error]
  const pfn = lab.machine.device(holder) as NdPfn
  const bytes = pfn.kind === 'dax' ? Number(pfn.show('size')) : pfn.disk === null ? null : pfn.disk.capacity * 512
  return [error, ns.show('mode'), pfn.live.state, bytes, ...lab.warnings()]
}

describe('what the disk has is what the namespace has, whatever npfns says', () => {
  test.each([
    [{}, 205_520_896],
    [{ versionMinor: 1, align: 0, pageSize: 0, pageStructSize: 0 }, 205_520_896],
    [{ align: MIB }, 205_520_896],
    [{ npfns: 1000 }, 205_520_896],
    [{ npfns: 1000, mode: 1 }, 205_520_896],
    [{ npfns: 100_000, mode: 1 }, 205_520_896],
  ])('%j', (change, bytes) => {
    expect(found(change)).toEqual([-6, 'memory', 'bound', bytes])
  })

  test.each([
    [{ npfns: 100_000 }, 205_520_896, 'from 100000 to 50176'],
    [{ startPad: 2 * MIB }, 203_423_744, 'from 50176 to 49664'],
    [{ endTrunc: 2 * MIB }, 203_423_744, 'from 50176 to 49664'],
  ])('%j: it is told that npfns is more', (change, bytes, says) => {
    expect(found(change)).toEqual([-6, 'memory', 'bound', bytes, `number of pfns truncated ${says}`])
    expect(found({ ...change, kind: 'dax' })).toEqual([-6, 'dax', 'bound', bytes, `number of pfns truncated ${says}`])
  })
})

test('pads that leave less than the data begin at: the superblock is taken, and mapping fails', () => {
  for (const change of [{ endTrunc: 198 * MIB }, { startPad: 198 * MIB }])
    expect(found(change).slice(0, 4)).toEqual([-6, 'memory', 'unbound', null])
})

test('data that begin right behind the first 8 KiB leave no room for struct pages: the superblock is taken, and mapping fails', () => {
  expect(found({ dataoff: 8192, align: 4096 }).slice(0, 4)).toEqual([-6, 'memory', 'unbound', null])
})

test('in mode RAM, data that begin within the first 8 KiB are refused before anything is mapped', () => {
  expect(found({ dataoff: 0, align: 4096, mode: 1 })).toEqual([-6, 'memory', 'unbound', null])
})

test.each([
  ['ram', [0x2000, 200 * MIB]],
  ['pmem', [0x2000, 4 * MIB, 200 * MIB]],
] as const)('mode %s: which windows are claimed, as 6.1.192 asked for them', (mode, sizes) => {
  const lab = new Lab({ region: { size: 200 * MIB } })
  const pfn = lab.pfn(mode)
  const from = lab.events.length
  expect(lab.machine.bind(pfn)).toBe(0)
  const asked = lab.events.slice(from).filter(({ type }) => type === 'resource-tree/requested')
  expect(asked.map(({ data }) => Number(BigInt(data['end'] as string) - BigInt(data['start'] as string)) + 1)).toEqual(sizes)
})

test('-EOPNOTSUPP stays the namespace’s own errno: it is nobody’s, and not served', () => {
  for (const change of [{ startPad: MIB }, { endTrunc: 4096 }, { align: 4 * MIB, kind: 'dax' }, { pageSize: 65_536 }] as const)
    expect(found(change)).toEqual([-95])
})
