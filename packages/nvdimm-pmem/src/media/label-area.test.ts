/** The label areas of the real kernel's images, and damaged ones. */
import { beforeEach, describe, expect, test } from 'vitest'
import { imageBytes, type mediaImages } from '../../test/media-files.ts'
import { labelAreaAt } from './label-area.ts'
import { MemoryMedium } from './memory-medium.ts'

const AREA = 128 << 10
let bytes: Uint8Array
const area = (): ReturnType<typeof labelAreaAt> => labelAreaAt(new MemoryMedium(bytes), 0)

const areaOf = (name: (typeof mediaImages)[number]): Uint8Array => imageBytes(name).slice(-AREA)
const kernels = areaOf('btt-4096')
beforeEach(() => {
  bytes = kernels.slice()
})

describe('what the kernel wrote', () => {
  test.each([
    ['btt-4096', 4096],
    ['crash-a-4096', 4096],
    ['crash-b-512', 512],
  ] as const)('%s: one namespace, a BTT of version 2.0', (name, lbasize) => {
    bytes = areaOf(name)
    expect(area()).toMatchObject({
      version: '1.2',
      slots: 510,
      labels: [{ lbasize, dpa: 0, rawsize: 48 << 20, claim: 'btt2', name: '', isUpdating: false }],
      damaged: [],
    })
  })
})

describe('damage', () => {
  test('one index block is enough; with none there is no label area', () => {
    const whole = area()!
    for (const broken of [0, 256]) {
      const before = bytes.slice()
      bytes[broken + 20]! ^= 1
      expect(area()).not.toBeNull()
      bytes = before
    }
    bytes[0] = 0
    bytes[256 + 64]! ^= 1
    expect(area()).toBeNull()
    expect(whole.labels).toHaveLength(1)
    for (const at of [0, 99, -100, -200_000]) expect(labelAreaAt(new MemoryMedium(new Uint8Array(100)), at)).toBeNull()
  })

  test('the newer one counts', () => {
    const newer = [0, 256].find((at) => {
      const before = bytes.slice()
      bytes[at + 64]! ^= 1
      const slot = area()!.labels[0]!.slot
      bytes = before
      return slot !== area()!.labels[0]!.slot
    })
    expect(newer).toBeDefined()
    const [first, second] = [bytes[20]!, bytes[256 + 20]!]
    expect(newer === 0 ? (second % 3) + 1 : (first % 3) + 1).toBe(newer === 0 ? first : second)
  })

  test('a label with a flipped bit is told, any byte of it', () => {
    const { slot } = area()!.labels[0]!
    for (let i = 0; i < 256; i++) {
      const at = 512 + slot * 256 + i
      bytes[at]! ^= 0x10
      expect([i, area()]).toMatchObject([i, { labels: [], damaged: [slot] }])
      bytes[at]! ^= 0x10
    }
  })

  test('any byte of the index blocks: the other one, or nothing, and never an error', () => {
    for (let at = 0; at < 512; at++) {
      const before = bytes[at]!
      bytes[at] = before ^ 0xff
      expect([at, area()?.labels[0]?.uuid]).toEqual([at, '71477b9c-292f-41b9-81cb-58f7282cfe4b'])
      bytes[at] = before
    }
  })
})
