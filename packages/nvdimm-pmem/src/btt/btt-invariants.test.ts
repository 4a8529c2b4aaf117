import { Emitter, ManualClock, type AnyEvent, type Violation } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { nvdimmPmemModel } from '../model.ts'
import type { Medium } from '../media/medium.ts'
import { RecordedMedium } from '../power/recorded-medium.ts'
import { filled, smallBtt } from '../power/small-btt.test-support.ts'
import { evolveNvdimmPmem, initialNvdimmPmem } from '../state.ts'
import { Btt } from './btt.ts'

const SIZE = { sectors: 40, lanes: 4, sectorSize: 512 }

function judged(
  act: (open: (medium: RecordedMedium) => Btt, emitter: Emitter) => void,
  detail: 'sectors' | 'steps' = 'steps',
): Violation[] {
  const state = initialNvdimmPmem()
  const found: Violation[] = []
  const emitter: Emitter = new Emitter(new ManualClock(), (event: AnyEvent) => {
    evolveNvdimmPmem(state, event)
    found.push(...nvdimmPmemModel.invariants.flatMap((i) => i.judge(state, event)))
  })
  act((medium) => Btt.open(medium, { lanes: 4, events: { emitter, name: 'btt0.0', medium: 'medium', detail } }), emitter)
  return found
}

/** A medium whose stores are told, and that does not do all that it is asked. */
function told(emitter: Emitter, lacks: 'flush' | 'fence' | null, base: Medium = smallBtt(SIZE)): RecordedMedium {
  const medium = new RecordedMedium(base, { events: { emitter }, keeps: false })
  if (lacks !== null) medium[lacks] = () => {}
  return medium
}

describe('nvdimm-pmem/not-durable-in-time', () => {
  test.each([
    ['flush', 'was stored and not flushed'],
    ['fence', 'was flushed, but no fence came after that'],
  ] as const)('a driver that does not %s is found at its first write', (lacks, says) => {
    const [first] = judged((open, emitter) => open(told(emitter, lacks)).write(3, filled(512, 1)))
    expect(first).toMatchObject({
      rule: 'nvdimm-pmem/not-durable-in-time',
      certainty: 'certain',
      data: { btt: 'btt0.0', what: 'log entry' },
    })
    expect(first!.summary).toContain(says)
    expect(first!.evidence).toHaveLength(2)
  })

  test('with an event for each sector alone it is found as well', () => {
    const found = judged((open, emitter) => open(told(emitter, 'fence')).write(3, filled(512, 1)), 'sectors')
    expect(found.map(({ rule }) => rule)).toEqual(['nvdimm-pmem/not-durable-in-time'])
  })

  test('one that does both breaks nothing', () => {
    expect(judged((open, emitter) => open(told(emitter, null)).write(3, filled(512, 1)))).toEqual([])
  })
})

describe('nvdimm-pmem/block-owned-twice', () => {
  test('a free list that names a block of a sector', () => {
    const [first, ...rest] = judged((open, emitter) => {
      const btt = open(told(emitter, null))
      btt.write(3, filled(512, 1), 0)
      btt.arenas[0]!.free[1] = 40
      btt.write(5, filled(512, 2), 1)
    })
    expect(first).toMatchObject({
      rule: 'nvdimm-pmem/block-owned-twice',
      certainty: 'certain',
      summary: 'the write of sector 5 on lane 1 of btt0.0, arena 0, uses block 40, which is that of sector 3 already',
      data: { sector: 5, lane: 1, block: 40, owner: { sector: 3 } },
    })
    expect(rest).toEqual([])
  })

  test('two lanes that have one block free', () => {
    const [first] = judged((open, emitter) => {
      const btt = open(told(emitter, null))
      btt.arenas[0]!.free[1] = 40
      btt.write(5, filled(512, 2), 1)
    }, 'sectors')
    expect(first!.summary).toContain('uses block 40, which is that of lane 0, as its free one, already')
  })
})
