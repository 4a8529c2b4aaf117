import { describe, expect, test } from 'vitest'
import { explore } from './explore.ts'
import type { PersistOp } from './persist-op.ts'
import { RecordedBtt } from './recorded-btt.ts'
import { filled, smallBtt, type SmallBtt } from './small-btt.test-support.ts'

const size: SmallBtt = { sectors: 12, lanes: 4, sectorSize: 512 }

function twice(): RecordedBtt {
  const btt = new RecordedBtt(smallBtt(size, 0xee))
  btt.write(3, filled(512, 1))
  btt.write(7, filled(512, 2))
  btt.write(3, filled(512, 3))
  return btt
}

const scenario = (btt: RecordedBtt, ops: readonly PersistOp[] = btt.ops) => ({
  base: btt.base,
  ops,
  start: 0,
  allowed: (sector: number, after: number) => btt.allowed(sector, after),
})

describe('x', () => {
  test('writes', () => {
    const r = explore(scenario(twice()))
    console.log(r)
    expect(r.broken).toEqual([])
  })
})
