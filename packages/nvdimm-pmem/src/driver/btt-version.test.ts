/** Where the driver looks for a BTT, and makes one (nd_btt_version): at 4 KiB, or where labels of version 1.2 say so at the beginning. */
import { describe, expect, test } from 'vitest'
import { GIB, Lab, MIB } from '../../test/machine.ts'
import { imageBytes } from '../../test/media-files.ts'
import { infoblocksIn, superblockOf } from '../media/infoblocks.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import type { NdBtt } from '../bus/nd-btt.ts'

const bttOf = (lab: Lab, holderClass: string): NdBtt => {
  const ns = lab.region.createNamespace({ size: 32 * MIB })
  expect(ns.store('holder_class', holderClass)).toBe(0)
  const btt = lab.region.seed('btt')
  for (const [name, value] of Object.entries({ sector_size: '512', uuid: lab.machine.newUuid(), namespace: ns.name }))
    btt.store(name, value)
  return btt
}

const where = (lab: Lab): unknown => {
  const superblock = superblockOf(infoblocksIn(lab.region.medium))
  return superblock && [superblock.at, superblock.fields!['version']]
}

describe('a BTT that is made', () => {
  test('begins at 4 KiB without a label, and in the seed', () => {
    const lab = new Lab({ region: { size: 32 * MIB } })
    expect(lab.machine.bind(lab.btt())).toBe(0)
    expect(where(lab)).toEqual([4096, '1.1'])
    const seed = new Lab({ rules: 'seed', region: { size: GIB, labels: true } })
    expect(seed.machine.bind(bttOf(seed, 'btt'))).toBe(0)
    expect(where(seed)).toEqual([4096, '1.1'])
  })

  test('begins where its namespace does by a label of 6.1, and is found there again', () => {
    const lab = new Lab({ region: { size: GIB, labels: true } })
    const btt = bttOf(lab, 'btt')
    expect(lab.machine.bind(btt)).toBe(0)
    expect(where(lab)).toEqual([0, '2.0'])
    const ns = btt.ndns!
    expect(ns.show('holder_class')).toBe('btt')
    const written = new Uint8Array(512).fill(7)
    expect(btt.disk!.submit('write', 9, written)).toBe(0)
    lab.machine.unbind(btt)
    btt.store('namespace', '')
    expect(lab.machine.bind(ns)).toBe(-6)
    const read = new Uint8Array(512)
    expect(lab.machine.device('btt0.0')!.disk!.submit('read', 9, read)).toBe(0)
    expect(read).toEqual(written)
    expect(lab.violations).toEqual([])
  })
})

test('one that Linux 6.1 made is taken as it is: nothing is laid out anew', () => {
  const medium = new MemoryMedium(imageBytes('btt-4096'))
  const size = 48 * MIB
  const { parent_uuid: uuid, external_nlba: sectors } = superblockOf(infoblocksIn(medium))!.fields!
  const found = [{ at: 0, size, uuid: uuid as string, claimClass: 'btt2' }]
  const lab = new Lab({ region: { size, medium, labels: true, found } })
  const btt = lab.machine.device('btt0.1') as NdBtt
  expect([btt.live.state, btt.btt!.sectorCount, sectors]).toEqual(['bound', 12_013, 12_013])
  expect(lab.warnings()).toEqual([])
})
