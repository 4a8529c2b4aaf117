/** spec/pmem.md §2, nd_pfn_probe/validate: each reason to refuse, in the order in which they are looked at. */
import { describe, expect, test } from 'vitest'
import { beginningBytes } from '../../test/media-files.ts'
import { decodePfn, encodePfn, pfnMode, type PfnSuperblock } from './pfn-superblock.ts'
import { validatePfn, type PfnExpectation } from './pfn-validate.ts'
import { NULL_UUID } from './uuid.ts'

const MIB = 2 ** 20
const block = beginningBytes('info-fsdax-dev').subarray(4096, 8192)
const sb = decodePfn(block)
const want: PfnExpectation = { kind: 'pfn', start: 4 * 2 ** 30, size: 256 * MIB, parentUuid: sb.parentUuid, uuid: null }
const other = '11111111-2222-4333-8444-555555555555'
const changed = (change: Partial<PfnSuperblock>): Uint8Array => encodePfn({ ...sb, ...change })
const refused = (
  change: Partial<PfnSuperblock>,
  wanted: Partial<PfnExpectation> = {},
  rules: 'seed' | 'linux-6.1' = 'linux-6.1',
): unknown => {
  const result = validatePfn(changed(change), { ...want, ...wanted }, rules)
  return typeof result === 'number' ? result : 'taken'
}

describe('Linux 6.1', () => {
  test('takes what it made itself', () => {
    expect(validatePfn(block, want, 'linux-6.1')).toEqual(sb)
    expect(refused({}, { uuid: sb.uuid, align: 2 * MIB, mode: pfnMode.PMEM })).toBe('taken')
    expect(refused({ parentUuid: NULL_UUID }, { parentUuid: NULL_UUID })).toBe('taken')
    expect(refused({}, { parentUuid: NULL_UUID })).toBe(-19)
  })

  test('-ENODEV: another signature, checksum, parent or uuid', () => {
    expect(refused({}, { kind: 'dax' })).toBe(-19)
    const torn = block.slice()
    torn[200] = 1
    expect(validatePfn(torn, want, 'linux-6.1')).toBe(-19)
    expect(refused({}, { parentUuid: other })).toBe(-19)
    expect(refused({}, { uuid: other })).toBe(-19)
    expect(refused({ dataoff: 2 ** 52 })).toBe(-95)
  })

  test('-ENXIO: an unknown mode', () => {
    expect(refused({ mode: 3 })).toBe(-6)
    expect(refused({ mode: 0 })).toBe(-6)
  })

  test('-EOPNOTSUPP: larger pages, smaller struct pages, another alignment, what does not fit', () => {
    expect(refused({ pageSize: 65_536 })).toBe(-95)
    expect(refused({ pageStructSize: 32 })).toBe(-95)
    expect(refused({ pageSize: 65_536, pageStructSize: 32, versionMinor: 3 })).toBe('taken')
    expect(refused({ kind: 'dax' }, { kind: 'dax', supportedAlignments: [4096] })).toBe(-95)
    expect(refused({}, { uuid: sb.uuid, align: 4096 })).toBe(-95)
    expect(refused({}, { uuid: sb.uuid, mode: pfnMode.RAM })).toBe(-95)
    expect(refused({}, { size: 6 * MIB })).toBe(-95)
    expect(refused({ dataoff: 5 * MIB })).toBe(-95)
    expect(refused({ align: 2 ** 30 })).toBe(-95)
  })

  // What 6.1.192 did with each of these, on an NVDIMM of 200 MiB at 4 GiB without labels.
  const made: Partial<PfnSuperblock> = { parentUuid: NULL_UUID, dataoff: 4 * MIB, npfns: 50_176, align: 2 * MIB }
  const place = { size: 200 * MIB, parentUuid: NULL_UUID, supportedAlignments: [4096, 2 * MIB, 2 ** 30] }
  const old = { align: 0, pageSize: 0, pageStructSize: 0 }
  const lab: [Partial<PfnSuperblock>, 'pfn' | 'dax' | 'both' | 'neither'][] = [
    [{}, 'both'],
    [{ versionMinor: 1, ...old }, 'pfn'],
    [{ versionMinor: 0, ...old }, 'pfn'],
    [{ align: 4 * MIB }, 'pfn'],
    [{ align: MIB }, 'pfn'],
    [{ align: 8192 }, 'pfn'],
    [{ align: 0 }, 'pfn'],
    [{ npfns: 100_000 }, 'both'],
    [{ npfns: 0 }, 'both'],
    [{ startPad: 2 * MIB }, 'both'],
    [{ startPad: 2 * MIB, versionMinor: 3, pageSize: 0, pageStructSize: 0 }, 'both'],
    [{ endTrunc: 2 * MIB }, 'both'],
    [{ startPad: MIB, align: MIB }, 'neither'],
    [{ startPad: MIB }, 'neither'],
    [{ endTrunc: 4096 }, 'neither'],
    [{ endTrunc: 199 * MIB }, 'neither'],
    [{ versionMajor: 2 }, 'both'],
    [{ versionMinor: 9 }, 'both'],
    [{ pageStructSize: 128 }, 'both'],
    [{ pageSize: 2048 }, 'both'],
    [{ align: 256 * MIB }, 'neither'],
    [{ dataoff: 200 * MIB }, 'neither'],
    [{ dataoff: 4 * MIB + 512, align: 512 }, 'neither'],
  ]
  test.each(lab)('what the kernel made of %j: %s', (change, takenAs) => {
    for (const kind of ['pfn', 'dax'] as const)
      expect([kind, refused({ ...made, ...change, kind }, { ...place, kind })]).toEqual([
        kind,
        takenAs === 'both' || takenAs === kind ? 'taken' : -95,
      ])
  })
})

const ram = { mode: pfnMode.RAM, dataoff: 8192, versionMinor: 0 }
const seed = (change: Partial<PfnSuperblock>, wanted: Partial<PfnExpectation> = {}): unknown => refused(change, wanted, 'seed')

describe('the seed', () => {
  test('takes mode RAM; of mode PMEM it knows nothing: -ENOTTY', () => {
    expect(seed(ram)).toBe('taken')
    expect(seed({})).toBe(-25)
    expect(seed({ mode: 0 })).toBe(-6)
  })

  test('does not look at the parent; another uuid is -EINVAL, too small a namespace -ENODEV, what does not fit -EBUSY', () => {
    expect(seed(ram, { parentUuid: other })).toBe('taken')
    expect(seed(ram, { uuid: other })).toBe(-22)
    expect(seed(ram, { size: 127 * MIB })).toBe(-19)
    expect(seed({ ...ram, dataoff: 256 * MIB })).toBe(-16)
    expect(seed(ram, { start: 4 * 2 ** 30 + 2 * MIB })).toBe(-16)
  })
})
