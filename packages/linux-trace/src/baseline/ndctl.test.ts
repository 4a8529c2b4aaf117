import { describe, expect, it } from 'vitest'
import { RecordingError } from '../errors.ts'
import { parseNdctl } from './ndctl.ts'

const json = (value: unknown): ReturnType<typeof parseNdctl> => parseNdctl(JSON.stringify(value))
const fsdax = { dev: 'namespace0.0', mode: 'fsdax', map: 'dev', size: 1_054_867_456, uuid: 'd0', sector_size: 512, blockdev: 'pmem0' }

describe('a listing', () => {
  it('of everything is an object of arrays', () => {
    expect(json({ dimms: [{ dev: 'nmem0' }], regions: [{ dev: 'region0', namespaces: [fsdax] }] })).toEqual({
      dimms: ['nmem0'],
      regions: ['region0'],
      namespaces: [
        {
          dev: 'namespace0.0',
          mode: 'fsdax',
          map: 'dev',
          size: 1_054_867_456,
          uuid: 'd0',
          sectorSize: 512,
          blockdev: 'pmem0',
          chardev: null,
          disabled: false,
          region: 'region0',
          daxDevices: [],
        },
      ],
    })
  })

  it('of one kind is an array, of one thing the thing itself: both are the same', () => {
    for (const value of [[fsdax], fsdax, { namespaces: [fsdax] }, { namespaces: fsdax }]) {
      expect(json(value).namespaces.map((n) => [n.dev, n.region])).toEqual([['namespace0.0', null]])
    }
    expect(json([{ dev: 'nmem1' }, { dev: 'region3' }])).toMatchObject({ dimms: ['nmem1'], regions: ['region3'] })
  })

  it('of buses holds what is under them', () => {
    const { regions, namespaces } = json([{ provider: 'ACPI.NFIT', dev: 'ndbus0', regions: [{ dev: 'region0', namespaces: [fsdax] }] }])
    expect([regions, namespaces.length]).toEqual([['region0'], 1])
  })

  it('of regions alone names the region of what lies in them', () => {
    expect(json([{ dev: 'region1', namespaces: [fsdax] }])).toMatchObject({ regions: ['region1'], namespaces: [{ region: 'region1' }] })
  })

  it('of nothing is nothing', () => {
    for (const text of ['', ' \n', '[]', '{}', 'null', '3', '"x"'])
      expect(parseNdctl(text)).toEqual({ regions: [], dimms: [], namespaces: [] })
  })

  it('names a region once', () => {
    expect(json({ regions: [{ dev: 'region0' }, { dev: 'region0' }] }).regions).toEqual(['region0'])
  })
})

describe('a namespace', () => {
  it('is disabled when its state says so', () => {
    expect(json([{ ...fsdax, state: 'disabled' }]).namespaces[0]!.disabled).toBe(true)
  })

  it('of devdax has the dax devices of its region, each with its mode', () => {
    const daxregion = { id: 0, devices: [{ chardev: 'dax0.0', mode: 'system-ram' }, { chardev: 'dax0.1', state: 'disabled' }, { size: 1 }] }
    expect(json([{ dev: 'namespace0.0', mode: 'devdax', daxregion }]).namespaces[0]).toMatchObject({
      chardev: 'dax0.0',
      daxDevices: [
        { chardev: 'dax0.0', mode: 'system-ram', disabled: false },
        { chardev: 'dax0.1', mode: null, disabled: true },
      ],
    })
  })

  it('without a name, or of another form, is left out', () => {
    expect(json({ namespaces: [{ mode: 'raw' }, null, 3, 'x', [], { dev: 5 }] }).namespaces).toEqual([])
  })

  it('with values of other kinds knows nothing of them', () => {
    expect(json([{ dev: 'namespace0.0', mode: 3, size: '12', sector_size: 0.5, uuid: null, blockdev: {} }]).namespaces[0]).toMatchObject({
      mode: null,
      size: null,
      sectorSize: null,
      uuid: null,
      blockdev: null,
    })
  })
})

describe('a listing that cannot be read', () => {
  it.each(['{', 'nonsense', '{"dimms":[}'])('%j is refused with the file and what to do', (text) => {
    expect(() => parseNdctl(text)).toThrow(RecordingError)
    expect(() => parseNdctl(text)).toThrow(/^ndctl\.before\.json is not JSON: .*; record it with "ndctl list -vNRDi"$/)
  })

  it('hostile keys do no harm', () => {
    const text = '[{"dev":"namespace0.0","__proto__":{"mode":"raw","blockdev":"pmem9"},"constructor":1}]'
    expect(parseNdctl(text).namespaces[0]).toMatchObject({ mode: null, blockdev: null })
    expect(({} as Record<string, unknown>)['blockdev']).toBeUndefined()
  })
})
