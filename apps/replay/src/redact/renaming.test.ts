import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { vocabulary } from '@devtrail/survey'
import { Renaming } from './renaming.ts'

describe('new names', () => {
  it('are the same for the same and others for others', () => {
    const pointers = fc.bigInt({ min: 0x1000n, max: 0xffff_ffff_ffff_efffn })
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 4_194_304 })), fc.uniqueArray(pointers), (pids, addresses) => {
        const renaming = new Renaming()
        const newPids = pids.map((pid) => renaming.pid(pid))
        const newAddresses = addresses.map((address) => renaming.address(address))
        expect(new Set(newPids).size).toBe(pids.length)
        expect(new Set(newAddresses).size).toBe(addresses.length)
        expect(pids.map((pid) => renaming.pid(pid))).toEqual(newPids)
        expect(newPids.some((pid) => pids.includes(pid))).toBe(false)
        expect(newAddresses.some((address) => addresses.includes(address) && address >> 48n !== 0xfee0n)).toBe(false)
      }),
    )
  })

  it('keep the distance of pointers within a page, so that a queue and its reference stay together', () => {
    const renaming = new Renaming()
    const [queue, ref] = [renaming.pointer('0xff3fdf9104201e40'), renaming.pointer('0xff3fdf9104201e50')]
    expect(BigInt(ref) - BigInt(queue)).toBe(0x10n)
    expect(queue).toMatch(/e40$/)
  })

  it('leave null, errnos and the idle task alone', () => {
    const renaming = new Renaming()
    expect(['0x0', '0x8', '0xfffffffffffffff4'].map((text) => renaming.pointer(text))).toEqual(['0x0', '0x8', '0xfffffffffffffff4'])
    expect([renaming.pid(0), renaming.command('<idle>'), renaming.command('<...>')]).toEqual([0, '<idle>', '<...>'])
  })

  it('leave device files and the root alone, and no other path or mount', () => {
    const renaming = new Renaming()
    for (const path of ['/', '/dev/pmem0', '/dev/pmem0.1s', '/dev/nvme0n1p2', '/dev/sda1', '/dev/dm-0'])
      expect(renaming.path(path)).toBe(path)
    for (const path of ['/mnt/customer', '/dev/mapper/vg-customer', 'server:/export', '//server/share', 'tmpfs'])
      expect(renaming.path(path)).toMatch(/^\/path-\d$/)
  })

  it('in words of the kernel are those of pointers, uuids and absolute paths', () => {
    const renaming = new Renaming()
    expect(renaming.words('memremap_pages+0x1c/0x2f0')).toBe('memremap_pages+0x1c/0x2f0')
    expect(renaming.words('fs/dax.c:398')).toBe('fs/dax.c:398')
    expect(renaming.words('PCI Bus 0000:00')).toBe('PCI Bus 0000:00')
    expect(renaming.words('arg1=0xffff888003a7c000 arg2=0x10')).toMatch(/^arg1=0xfee0[0-9a-f]{12} arg2=0x10$/)
    expect(renaming.words('/home/somebody/x.img')).toBe('/path-1')
    expect(renaming.words('pmem-2acd68a8-922e-4278-af1f-faa13d93b8b0')).toBe('pmem-identity-1')
    expect(renaming.identity('2ACD68A8-922e-4278-af1f-faa13d93b8b0')).toBe('identity-1')
  })
})

/** Looked at one by one: names of the kernel, of its devices and of hardware, counts, sizes and physical addresses. */
const STAY: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    string:
      'at attribute blockdev btt bus by call caller chardev disk driver fstype function kind map medium mode model name next parent region release ret root symbol',
    // Virtual addresses are those of simulated programs.
    u64: 'address count end flags nodeFlags offset refCount size start sum upperEnd upperStart word',
  }).map(([kind, names]) => [kind, new Set(names.split(' '))]),
)

it('every field of every event that could tell of a user was decided on', () => {
  const undecided = vocabulary.types().flatMap((type) =>
    Object.entries(vocabulary.get(type).fields)
      .filter(([name, { kind, reveals }]) => reveals === undefined && STAY.has(kind) && !STAY.get(kind)!.has(name))
      .map(([name]) => `${type}.${name}`),
  )
  expect(undecided, 'declare it with f.reveals, or add it to what stays').toEqual([])
})
