/** The write in one go stores, in its order, what one stores that is taken step by step: so what was explored of that holds of it. */
import { expect, test } from 'vitest'
import { Btt } from '../btt/btt.ts'
import { Lanes } from '../btt/lanes.ts'
import { bttRules } from '../btt/rules.ts'
import { StraightWrite } from '../btt/straight-write.ts'
import { MemoryMedium } from '../media/memory-medium.ts'
import { explore } from './explore.ts'
import { WORD_BYTES, type PersistOp } from './persist-op.ts'
import { RecordedBtt } from './recorded-btt.ts'
import { filled, smallBtt, type SmallBtt } from './small-btt.test-support.ts'

const size: SmallBtt = { sectors: 12, lanes: 4, sectorSize: 512 }
const STALE = 0xee
const writes = [
  [3, 1, 0],
  [7, 2, 0],
  [3, 3, 0],
  [5, 4, 1],
  [3, 5, 1],
  [3, 6, 0],
] as const

type Straight = { -readonly [field in 'words' | 'memory']: StraightWrite[field] }

/** Runs writes in one go, and notes each store where it is made. */
function straightOps(): PersistOp[] {
  const { arenas, sectorSize } = Btt.open(new MemoryMedium(smallBtt(size, STALE).bytes.slice()))
  const arena = arenas[0]!
  const straight = StraightWrite.of(arena, new Lanes(arenas, size.lanes, sectorSize, bttRules.sound, null))!
  const stores: { at: number; bytes: Uint8Array }[] = []
  const { words, memory } = straight
  const noted = straight as Straight
  noted.words = new Proxy(words, {
    get: (target, name) => Reflect.get(target, name, target) as unknown,
    set: (target, name, word: number) => {
      const at = arena.at + Number(name) * 4
      const last = stores.at(-1)
      const half = Uint8Array.of(word, word >> 8, word >> 16, word >> 24)
      // Both words of half a log entry are one store of the driver: the second follows the first.
      if (last?.bytes.length === 4 && last.at === at - 4 && last.at % WORD_BYTES === 0) last.bytes = Uint8Array.of(...last.bytes, ...half)
      else stores.push({ at, bytes: half })
      return Reflect.set(target, name, word, target)
    },
  })
  noted.memory = {
    set: (data: Uint8Array, at: number) => {
      stores.push({ at: arena.at + at, bytes: data.slice() })
      memory.set(data, at)
    },
  } as Uint8Array
  const ops: PersistOp[] = []
  for (const [sector, byte, cpu] of writes) {
    expect(straight.write(sector, filled(512, byte), cpu)).toBe(true)
    for (const { at, bytes } of stores.splice(0))
      ops.push({ kind: 'store', cpu, at, bytes }, { kind: 'flush', cpu, at, length: bytes.length }, { kind: 'fence', cpu })
  }
  return ops
}

test('store for store, and no state after a power failure breaks the promise', () => {
  const btt = new RecordedBtt(smallBtt(size, STALE))
  for (const [sector, byte, cpu] of writes) btt.write(sector, filled(512, byte), cpu)
  const ops = straightOps()
  expect(ops).toEqual(btt.ops)
  const scenario = { base: btt.base, start: btt.btt.arenas[0]!.at, allowed: (sector: number, after: number) => btt.allowed(sector, after) }
  const { broken, states, recovered } = explore({ ...scenario, ops })
  process.stdout.write(`power failure, writes in one go: ${states} crash states, ${recovered} of them with something to recover\n`)
  expect(broken).toEqual([])
  expect(recovered).toBeGreaterThan(0)
})
