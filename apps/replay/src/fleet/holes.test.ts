import { LogDamagedError } from '@devtrail/event-log'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holeName, Holes, keptHoles, spanText } from './holes.ts'

const damage = new LogDamagedError({ file: 'F message 7', line: null, offset: 0, expected: 'a block', found: 'none', todo: '' })

/** A copy of events of which some are lost: what numbers it has, and those that are gaps. */
function copied(baseline: number, lastSeq: number, isLost: (i: number) => boolean, hosts = 0): { seqs: number[]; gaps: unknown[] } {
  const holes = new Holes({ have: { events: 0, lastSeq: 0 }, baseline, hosts })
  const [seqs, gaps]: [number[], unknown[]] = [[], []]
  const fill = (hole: ReturnType<Holes['before']>): void => {
    if (hole === null) return
    for (const gap of holes.gapsIn(hole)) {
      seqs.push(gap.seq)
      gaps.push(gap)
    }
  }
  for (let i = 0; i < baseline + lastSeq; i++) {
    if (isLost(i)) {
      holes.damaged(damage)
      continue
    }
    const seq = Math.max(0, i - baseline + 1)
    fill(holes.before(seq, i))
    seqs.push(seq)
  }
  fill(holes.atEnd(lastSeq))
  return { seqs, gaps }
}

test('whatever is lost, a copy has as many events as the log, with their numbers', () => {
  fc.assert(
    fc.property(fc.nat(6), fc.nat(12), fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (baseline, lastSeq, lost) => {
      const { seqs, gaps } = copied(baseline, lastSeq, (i) => lost[i]!)
      expect(seqs).toStrictEqual([...Array.from({ length: baseline }, () => 0), ...Array.from({ length: lastSeq }, (_, i) => i + 1)])
      expect(gaps.length).toBe(lost.slice(0, baseline + lastSeq).filter(Boolean).length)
    }),
  )
})

test('of several hosts each is in doubt, or nobody says that all is well', () => {
  const { gaps } = copied(0, 9, (i) => i > 2 && i < 6, 3)
  expect(gaps).toMatchObject([{ host: 1 }, { host: 2 }, { host: 3 }])
  expect(() => copied(0, 9, (i) => i > 2 && i < 5, 3)).toThrow(LogDamagedError)
})

test('what a copy goes on from is not missed', () => {
  const holes = new Holes({ have: { events: 12, lastSeq: 10 }, baseline: 2, hosts: 0 })
  expect(holes.before(11, 0)).toBeNull()
  expect(holes.before(14, 0)).toMatchObject({ from: 12, to: 13, baseline: 0 })
  expect(holes.atEnd(14)).toBeNull()
})

test('holes are kept by names, and told in words', () => {
  const hole = { from: 0, to: 0, baseline: 2, damages: [] }
  const names = [holeName({ ...hole, from: 8, to: 9 }, 1), holeName(hole, 0), 'import.json', 'lost-on-server.x-1.1']
  expect(keptHoles(names)).toStrictEqual([
    { from: 0, to: 0, mended: 0 },
    { from: 8, to: 9, mended: 1 },
  ])
  expect(
    [
      { from: 0, to: 0 },
      { from: 3, to: 3 },
      { from: 3, to: 4 },
      { from: 0, to: 4 },
    ].map(spanText),
  ).toStrictEqual(['the baseline', 'event 3', 'events 3 to 4', 'the baseline, or some of it, and what follows up to event 4'])
})
