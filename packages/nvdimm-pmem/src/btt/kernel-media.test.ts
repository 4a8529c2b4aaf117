/** Whole devices as Linux 6.1 left them, two of them killed while three writers rewrote sectors without pause (recordings/media). */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { imageBytes } from '../../test/media-files.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { Btt } from './btt.ts'
import { checkBtt } from './check.ts'

const STAMP = /^b\d{9} s\d{3} g\d{12}\.{3}$/
const STAMP_BYTES = 32

function stampOf(sector: Uint8Array): string {
  const isRepeated = sector.every((byte, i) => byte === sector[i % STAMP_BYTES])
  if (!isRepeated) return 'torn'
  const text = String.fromCharCode(...sector.subarray(0, STAMP_BYTES))
  if (sector[0] === 0) return 'zero'
  return STAMP.test(text) ? text : 'torn'
}

test.each([
  ['btt-4096', 49_205_248, '77bd867e1f0eba13d88af8872b7b1bd4'],
  ['crash-a-4096', 49_205_248, 'd205e1290b3d19ba8a01dd153fd83d3b'],
  ['crash-b-512', 49_781_760, '1673f85874c3c1aa2b1e947907d10111'],
  // Version 1.1: three arenas that devtrail made and the kernel wrote to, and one that the kernel made on an NVDIMM without labels.
  ['crash-c-4096', 50_184_192, '942df7da58311d8c69d28369fac765c4'],
  ['crash-d-512', 66_424_832, '704d5e90f4765191b2960727f2972f3e'],
])(
  '%s: what the kernel read of it after its recovery, and no sector torn',
  (name, bytes, md5) => {
    const image = new MemoryMedium(imageBytes(name))
    const btt = Btt.open(new OverlayMedium(image))
    expect(btt.sectorCount * btt.sectorSize).toBe(bytes)
    const hash = createHash('md5')
    const sector = new Uint8Array(btt.sectorSize)
    const torn: number[] = []
    for (let n = 0; n < btt.sectorCount; n++) {
      expect(btt.read(n, sector)).toBe(0)
      hash.update(sector)
      if (!name.startsWith('crash')) continue
      const stamp = stampOf(sector)
      if (stamp === 'torn' || (stamp !== 'zero' && Number(stamp.slice(1, 10)) !== n)) torn.push(n)
    }
    expect(hash.digest('hex')).toBe(md5)
    expect(torn).toEqual([])
    expect(checkBtt(image, btt.arenas[0]!.at)).toMatchObject({ faults: [], more: 0 })
  },
  60_000,
)
