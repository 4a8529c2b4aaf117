import { describe, expect, test } from 'vitest'
import { Btt } from '../btt/btt.ts'
import { formatArena, formatArenas } from '../btt/format.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { explore, type Explored } from './explore.ts'
import type { PersistOp } from './persist-op.ts'
import { RecordedMedium } from './recorded-medium.ts'
import { filled, smallArena, smallBtt, type SmallBtt } from './small-btt.test-support.ts'

const size: SmallBtt = { sectors: 12, lanes: 4, sectorSize: 512 }
/** What blocks hold before. */
const STALE = 0xee

function told(what: string, { states, recovered }: Explored): void {
  process.stdout.write(`power failure, ${what}: ${states} crash states, ${recovered} of them with something to recover\n`)
}

/** Whose map entries have locks of their own, and what they are written with. */
const cut = new Map([
  [3, 1],
  [19, 2],
  [35, 3],
])
/** Up to the second half of the log. */
const STEPS = 6

/** A BTT on which three lanes were cut off between their log and the map. */
function cutOff(): MemoryMedium {
  const base = smallBtt({ ...size, sectors: 40 }, STALE)
  const medium = new MemoryMedium(base.bytes.slice())
  const btt = Btt.open(medium)
  for (const [lane, [sector, byte]] of [...cut].entries()) {
    const write = btt.startWrite(sector, filled(512, byte), { cpu: lane })
    for (let step = 0; step < STEPS; step++) write.step()
  }
  return medium
}

const recoveredTo = (sector: number): Uint8Array => filled(512, cut.get(sector) ?? STALE)

describe('a power failure during recovery', () => {
  test('leaves the same to be recovered, whatever map entries were written', () => {
    const medium = cutOff()
    const recorded = new RecordedMedium(new OverlayMedium(medium))
    expect(Btt.open(recorded).recovered).toBe(3)
    const result = explore({ base: medium, ops: recorded.ops, start: 0, allowed: (sector) => [recoveredTo(sector)] }, { again: 4 })
    told('recovery of three lanes', result)
    expect(result.broken).toEqual([])
    expect(result.recovered).toBeGreaterThan(4)
  })

  test('a recovery that would not flush is found', () => {
    const medium = cutOff()
    const recorded = new RecordedMedium(new OverlayMedium(medium))
    const btt = Btt.open(recorded)
    // Lane 0 writes twice more: nothing but the map knows of its first write by then.
    btt.write(5, filled(512, 8), 0)
    btt.write(6, filled(512, 9), 0)
    const opsOfRecovery = cut.size * 3
    const lazy = recorded.ops.filter((op, i) => i >= opsOfRecovery || op.kind === 'store')
    const written = new Map([
      [5, 8],
      [6, 9],
    ])
    const allowed = (sector: number): readonly Uint8Array[] => [
      recoveredTo(sector),
      filled(512, written.get(sector) ?? recoveredTo(sector)[0]!),
    ]
    const scenario = { base: medium, start: 0, allowed }
    expect(explore({ ...scenario, ops: recorded.ops }, { random: 2, again: 1 }).broken).toEqual([])
    expect(explore({ ...scenario, ops: lazy }, { random: 2, again: 0 }).broken).toHaveLength(1)
  })
})

/** Makes an arena over what is there, and says what it did. */
function creation(over: MemoryMedium): readonly PersistOp[] {
  const recorded = new RecordedMedium(new OverlayMedium(over))
  formatArena(recorded, 0, smallArena(size))
  return recorded.ops
}

const oldSectors = (sector: number): readonly Uint8Array[] => [filled(4096, sector === 5 ? 5 : 0)]

const junk = (): MemoryMedium => {
  const bytes = new Uint8Array(smallBtt(size).size)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2_654_435_761) >>> 11
  return new MemoryMedium(bytes)
}

describe('a power failure while arenas are made', () => {
  const start = 0

  test.each([
    ['zeros', () => new MemoryMedium(new Uint8Array(smallBtt(size).size))],
    ['anything', junk],
  ] as const)('leaves no BTT, or a whole one: over %s', (what, over) => {
    const base = over()
    const ops = creation(base)
    const allowed = (sector: number): readonly Uint8Array[] => [base.bytes.slice(4096 + sector * 512, 4096 + (sector + 1) * 512)]
    const result = explore({ base, ops, start, allowed, mayBeMissing: (after) => after < ops.length }, { random: 4 })
    told(`an arena over ${what}`, result)
    expect(result.broken).toEqual([])
  })

  test('an info block that came before the log would be found', () => {
    const base = junk()
    const ops = creation(base)
    const info = ops.slice(-3)
    const early = [...info, ...ops.slice(0, -3)]
    const allowed = (sector: number): readonly Uint8Array[] => [base.bytes.slice(4096 + sector * 512, 4096 + (sector + 1) * 512)]
    expect(explore({ base, ops: early, start, allowed, mayBeMissing: () => true }).broken).toHaveLength(1)
  })

  test('over another BTT: the old one is done away with first', () => {
    const base = new MemoryMedium(new Uint8Array((16 << 20) + 4096))
    const old = Btt.create(base, { uuid: '11111111-2222-4333-8444-555555555555', sectorSize: 4096 })
    old.write(5, filled(4096, 5))
    const recorded = new RecordedMedium(new OverlayMedium(base))
    formatArenas(recorded, { uuid: '00112233-4455-6677-8899-aabbccddeeff', sectorSize: 512 })
    // Up to the last store, that of the first info block: what is there before is the old BTT or none.
    const ops = recorded.ops.slice(0, -3)
    const scenario = { base, start: 4096, sectors: [0, 5, 6], allowed: oldSectors, mayBeMissing: () => true }
    const result = explore({ ...scenario, ops }, { random: 2 })
    told('an arena over another one', result)
    expect(result.broken).toEqual([])
    const withoutDropping = ops.slice(3)
    expect(explore({ ...scenario, ops: withoutDropping }, { random: 2 }).broken).toHaveLength(1)
  }, 60_000)

  test('of several arenas the first one comes last', () => {
    const places = [0, 16 << 20, 32 << 20]
    const base = new MemoryMedium(new Uint8Array(48 << 20))
    const recorded = new RecordedMedium(base)
    formatArenas(recorded, { uuid: '00112233-4455-6677-8899-aabbccddeeff', version: '2.0', arenaBytesMax: 16 << 20 })
    const infos = recorded.ops.flatMap((op) => (op.kind === 'store' && places.includes(op.at) ? [op.at] : []))
    expect(infos).toEqual(places.toReversed())
    expect(recorded.ops.slice(-3).map(({ kind }) => kind)).toEqual(['store', 'flush', 'fence'])
  })
})
