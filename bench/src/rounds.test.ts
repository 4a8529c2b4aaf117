import { describe, expect, it } from 'vitest'
import { compared, interleaved, type Work } from './rounds.ts'

/** Works on a clock that only they move. */
class Stand {
  ns = 0n
  readonly log: string[] = []
  readonly clock = (): bigint => this.ns

  work(name: string, nsOfRun: (run: number) => number, units = 10): Work {
    let runs = 0
    return {
      run: () => {
        this.log.push(name)
        this.ns += BigInt(nsOfRun(runs++))
        return units
      },
    }
  }
}

describe('interleaved rounds', () => {
  it('every round has each work once, and each is first in turn', async () => {
    const stand = new Stand()
    const works = ['a', 'b', 'c'].map((name) => stand.work(name, () => 5))
    await interleaved(works, { rounds: 4, warmups: 0, millisMin: 0, clock: stand.clock })
    expect(stand.log.join('')).toBe('abcbcacababc')
  })

  it('give the time of a unit of work', async () => {
    const stand = new Stand()
    const times = await interleaved([stand.work('a', () => 1000), stand.work('b', (run) => 3000 + run, 20)], {
      rounds: 3,
      warmups: 0,
      millisMin: 0,
      clock: stand.clock,
    })
    expect(times).toEqual([
      [100, 100, 100],
      [150, 150.05, 150.1],
    ])
  })

  it('a work goes on until it has taken long enough to be timed', async () => {
    const stand = new Stand()
    const times = await interleaved([stand.work('a', (run) => (run + 1) * 400_000)], {
      rounds: 1,
      warmups: 0,
      millisMin: 1,
      clock: stand.clock,
    })
    expect(stand.log).toHaveLength(2)
    expect(times).toEqual([[60_000]])
  })

  it('what is done before a run is not timed', async () => {
    const stand = new Stand()
    const before = (): void => {
      stand.log.push('before')
      stand.ns += 1_000_000n
    }
    const times = await interleaved([{ ...stand.work('a', () => 700), before }], {
      rounds: 2,
      warmups: 0,
      millisMin: 0,
      clock: stand.clock,
    })
    expect(times).toEqual([[70, 70]])
    expect(stand.log).toEqual(['before', 'a', 'before', 'a'])
  })

  it('warm-ups do not count', async () => {
    const stand = new Stand()
    const works = [stand.work('a', (run) => (run < 2 ? 90_000 : 100))]
    expect(await interleaved(works, { rounds: 2, warmups: 2, millisMin: 0, clock: stand.clock })).toEqual([[10, 10]])
  })

  it('a work that does nothing is an error, not an endless round', async () => {
    const stand = new Stand()
    const nothing = interleaved([stand.work('a', () => 0, 0)], { rounds: 1, warmups: 0, millisMin: 1, clock: stand.clock })
    await expect(nothing).rejects.toThrow('a run of work 1 of 1 did nothing')
  })
})

describe('a comparison', () => {
  it('takes the ratio within each round, and the median of those', () => {
    const slowdown = 50
    const ours = [10, 10 * slowdown, 10, 12, 10]
    const peer = [40, 40 * slowdown, 30, 36, 50]
    expect(compared(ours, peer)).toEqual({ ours: 10, peer: 40, ratio: 4, ratioMin: 3, ratioLow: 3, ratioHigh: 4, rounds: 5 })
    expect(compared([10, 10, 100], [40, 20, 300])).toMatchObject({ ours: 10, peer: 40, ratio: 3 })
  })

  it('of an even number of rounds is the middle between the two', () => {
    expect(compared([1, 1], [2, 3])).toEqual({ ours: 1, peer: 2.5, ratio: 2.5, ratioMin: 2, ratioLow: 2.25, ratioHigh: 2.75, rounds: 2 })
  })
})
