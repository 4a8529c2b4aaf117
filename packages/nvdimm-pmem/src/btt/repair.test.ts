/** What can be put right, what cannot, and that a repair may be cut off anywhere. */
import { beforeEach, describe, expect, test } from 'vitest'
import { encodeArenaInfo } from '../media/arena-info.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { OverlayMedium } from '../media/overlay-medium.ts'
import { loaded, type Medium } from '../media/medium.ts'
import { crashStates } from '../power/crash-states.ts'
import { RecordedMedium } from '../power/recorded-medium.ts'
import { filled, writtenBtt } from '../power/small-btt.test-support.ts'
import { Btt } from './btt.ts'
import { checkBtt } from './check.ts'
import { planRepair, repairBtt } from './repair.ts'

let medium: MemoryMedium
let btt: Btt
const arena = (): Btt['arenas'][number] => btt.arenas[0]!

beforeEach(() => {
  ;({ medium, btt } = writtenBtt())
})

/** What a plan would do, told shortly. */
const planned = (on: Medium = medium): string[] => planRepair(on)!.mends.map(({ kind, at, replaces }) => `${kind} ${at} over ${replaces}`)

function repaired(on: MemoryMedium): void {
  repairBtt(on, planRepair(on)!)
  expect(checkBtt(on, planRepair(on)!.start)).toMatchObject({ faults: [], pending: [] })
  expect(planRepair(on)!.mends).toEqual([])
}

/** The medium as it was, then damaged, planned for and repaired: it has to be as it was. */
function comesBack(damage: () => void): readonly string[] {
  const before = medium.bytes.slice()
  damage()
  const damaged = medium.bytes.slice()
  const plan = planned()
  expect(Buffer.compare(medium.bytes, damaged)).toBe(0)
  repaired(medium)
  expect(Buffer.compare(medium.bytes, before)).toBe(0)
  return plan
}

describe('put right', () => {
  test('nothing, where nothing is wrong', () => {
    expect(planRepair(medium)).toMatchObject({ start: 0, mends: [], left: { faults: [], pending: [] } })
  })

  test('the info block by its copy: a flipped bit, zeros, a torn store, anything else there', () => {
    expect(comesBack(() => (medium.bytes[60]! ^= 1))).toEqual(['info 0 over remains'])
    expect(comesBack(() => medium.bytes.fill(0, 0, 4096))).toEqual(['info 0 over zeros'])
    expect(comesBack(() => medium.bytes.fill(0, 64, 4096))).toEqual(['info 0 over remains'])
    expect(comesBack(() => medium.bytes.fill(0, 0, 300))).toEqual(['info 0 over remains'])
    expect(comesBack(() => medium.bytes.fill(0xf6, 0, 20))).toEqual(['info 0 over remains'])
    expect(comesBack(() => medium.bytes.fill(0xf6, 0, 512))).toEqual(['info 0 over other'])
    expect(comesBack(() => medium.bytes.fill(0, 0, 4096).fill(1, 4086, 4087))).toEqual(['info 0 over other'])
  })

  test('the info block with a label area behind the copy, or a part of a page', () => {
    for (const behind of [128 << 10, 100]) {
      const labelled = new MemoryMedium(new Uint8Array([...medium.bytes, ...new Uint8Array(behind).fill(9)]))
      const before = labelled.bytes.slice()
      labelled.bytes.fill(0, 0, 4096)
      repaired(labelled)
      expect(Buffer.compare(labelled.bytes, before)).toBe(0)
    }
  })

  test('every bit of the info block', () => {
    const sound = medium.bytes.slice()
    for (let at = 0; at < 4096; at++) {
      medium.bytes[at]! ^= 1 << (at & 7)
      const says = checkBtt(medium, 0).faults.map(({ kind }) => kind)
      expect([at, says]).toEqual([at, ['info']])
      repairBtt(medium, planRepair(medium)!)
      expect(Buffer.compare(medium.bytes, sound)).toBe(0)
    }
  })

  test('the copy by the info block', () => {
    const { info2off } = arena().info
    expect(comesBack(() => medium.bytes.fill(0, info2off, info2off + 100))).toEqual([`info2 ${info2off} over remains`])
    expect(comesBack(() => medium.store(info2off, encodeArenaInfo({ ...arena().info, flags: 1 })))).toEqual([
      `info2 ${info2off} over remains`,
    ])
  })

  test('a map entry that a committed write did not reach', () => {
    expect(comesBack(() => medium.store32(arena().mapAt(3), 0))).toEqual([`map ${arena().mapAt(3)} over remains`])
  })

  test('all of it at once', () => {
    const plan = comesBack(() => {
      medium.store32(arena().mapAt(9), 0)
      medium.store32(arena().mapAt(3), 0)
      medium.bytes[8] = 0
    })
    expect(plan.map((what) => what.split(' ')[0])).toEqual(['map', 'map', 'info'])
  })
})

/** What a plan would do, and what would stay. */
function left(): readonly string[] {
  const plan = planRepair(medium)
  return plan === null ? ['no plan'] : [...plan.mends.map(({ kind }) => kind), ...plan.left.faults.map(({ kind }) => `left: ${kind}`)]
}

describe('left alone', () => {
  test('both info blocks damaged, and what never was a BTT', () => {
    medium.bytes[60]! ^= 1
    medium.bytes[arena().info.info2off + 60]! ^= 1
    expect(left()).toEqual(['no plan'])
    expect(planRepair(new MemoryMedium(new Uint8Array(1 << 20)))).toBeNull()
    expect(planRepair(new MemoryMedium(new Uint8Array(100)))).toBeNull()
  })

  test('a copy that map and log do not agree with, for it may be of a BTT that was here before', () => {
    medium.bytes[0] = 0
    arena().putEntry(5, 0xc000_0000 + 6)
    expect(left()).toEqual(['no plan'])
  })

  test('a copy of a version that begins somewhere else', () => {
    medium.bytes.fill(0, 0, 4096)
    medium.store(arena().info.info2off, encodeArenaInfo({ ...arena().info, versionMajor: 1, versionMinor: 1 }))
    expect(left()).toEqual(['no plan'])
  })

  test('a copy of another place: a BTT within a sector', () => {
    const { info2off } = arena().info
    const copy = loaded(medium, info2off, 4096)
    medium.bytes.fill(0, 0, 4096)
    medium.bytes.fill(0, info2off, info2off + 4096)
    medium.store(info2off - 4096, copy)
    expect(left()).toEqual(['no plan'])
  })

  test('a log or map that contradicts itself; what else is wrong with that arena stays, too', () => {
    medium.store32(arena().logAt(0, 0) + 12, 2)
    medium.store32(arena().mapAt(9), 0)
    medium.bytes[arena().info.info2off + 60]! ^= 1
    expect(left()).toEqual(['left: info2', 'left: log'])
  })

  test('the error flag, beside which the rest is put right', () => {
    for (const at of [0, arena().info.info2off]) medium.store(at, encodeArenaInfo({ ...arena().info, flags: 1 }))
    medium.store32(arena().mapAt(9), 0)
    expect(left()).toEqual(['map', 'left: error-flag'])
  })
})

describe('several arenas', () => {
  const MIB = 1 << 20
  const made = (): { medium: MemoryMedium; btt: Btt } => {
    const large = new MemoryMedium(new Uint8Array(51 * MIB + 4096))
    return { medium: large, btt: Btt.create(large, { uuid: '00112233-4455-6677-8899-aabbccddeeff', arenaBytesMax: 17 * MIB }) }
  }

  test('all info blocks gone: each by its copy, the first one last', () => {
    const { medium: large, btt: several } = made()
    const before = large.bytes.slice()
    for (const { at } of several.arenas) large.bytes.fill(1, at, at + 100)
    expect(planned(large)).toEqual(several.arenas.toReversed().map(({ at }) => `info ${at} over other`))
    repaired(large)
    expect(Buffer.compare(large.bytes, before)).toBe(0)
  })

  test('a copy of another BTT, of which an arena was there before', () => {
    const { medium: large, btt: several } = made()
    const { at, info } = several.arenas[1]!
    large.bytes.fill(0, at, at + 4096)
    large.store(at + info.info2off, encodeArenaInfo({ ...info, uuid: '11111111-2222-4333-8444-555555555555' }))
    expect(planRepair(large)).toMatchObject({ mends: [], left: { faults: [{ arena: 1, kind: 'info' }] } })
  })

  test('one that cannot be put right does not keep those before it from it', () => {
    const { medium: large, btt: several } = made()
    const [first, second] = several.arenas
    large.bytes[first!.at + 60]! ^= 1
    for (const at of [second!.at, second!.at + second!.info.info2off]) large.bytes[at + 60]! ^= 1
    const plan = planRepair(large)!
    expect(plan.mends.map(({ at }) => at)).toEqual([first!.at])
    expect(plan.left.faults).toMatchObject([{ arena: 1, kind: 'info' }])
  })
})

test('a power failure at any moment of a repair: it is repeated, and all is there', () => {
  medium.store32(arena().mapAt(9), 0)
  medium.store32(arena().mapAt(3), 0)
  medium.bytes.fill(0, 8, 200)
  const recorded = new RecordedMedium(new OverlayMedium(medium))
  repairBtt(recorded, planRepair(medium)!)
  let states = 0
  for (const { medium: state } of crashStates(medium, recorded.ops)) {
    states++
    repairBtt(state, planRepair(state)!)
    expect(checkBtt(state, 0)).toMatchObject({ faults: [], pending: [] })
    const again = Btt.open(state)
    for (let sector = 0; sector < 40; sector++) {
      const into = filled(512, 0xee)
      expect(again.read(sector, into)).toBe(0)
      expect(into).toEqual(filled(512, [3, 9].includes(sector) ? sector : 0))
    }
  }
  process.stdout.write(`power failure, a repair: ${states} crash states\n`)
  expect(states).toBeGreaterThan(100)
})
