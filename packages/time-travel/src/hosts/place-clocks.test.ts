import { describe, expect, it } from 'vitest'
import { ContradictionError } from './clock-bounds.ts'
import { SEGMENTS_MAX, type ClockSegment } from './clock-segments.ts'
import { lookOf, MadeUpClock, numbers } from './clocks.test-support.ts'
import type { Told } from './happenings.ts'
import { placeClocks, UnplacedClockError, type GivenOffset, type HostClock } from './place-clocks.ts'

const S = 1e9
const MS = 1e6

interface Messages {
  readonly seed: number
  readonly hosts: number
  readonly seconds: number
  readonly every: number
  readonly rate: number
  /** The longest that a message takes, in nanoseconds. */
  readonly latency: number
  /** Who sends to whom at a turn. */
  readonly ways: readonly (readonly [from: number, to: number])[]
}

/** Hosts that send messages; the clock of the first is as good as the others'. */
function exchange({ seed, hosts, seconds, every, rate, latency, ways }: Messages): { clocks: MadeUpClock[]; inputs: HostClock[] } {
  const random = numbers(seed)
  const clocks = Array.from(
    { length: hosts },
    () => new MadeUpClock(Math.round(random() * 1e6 * S), (random() * 2 - 1) * rate, (20 + random() * 100) * S),
  )
  const told = clocks.map((): Told[] => [])
  let id = 0
  for (let truth = 0; truth < seconds * S; truth += every) {
    for (const [from, to] of ways) {
      const sent = truth + random() * every * 0.2
      const came = sent + 1000 + random() * latency
      id++
      told[from]!.push({ id: `${id}`, role: 'out', within: 0, seq: id, time: clocks[from]!.read(sent), boot: 0 })
      told[to]!.push({ id: `${id}`, role: 'in', within: 0, seq: id, time: clocks[to]!.read(came), boot: 0 })
    }
  }
  const inputs = clocks.map((clock, i) => ({
    name: `host-${i}`,
    look: lookOf(told[i]!, clock.read(0), clock.read(seconds * S)),
    given: new Map<number, GivenOffset>(),
  }))
  return { clocks, inputs }
}

const segmentAt = (segments: readonly ClockSegment[], time: number): ClockSegment =>
  segments.findLast(({ from }) => from <= time) ?? segments[0]!

/** How many of a host's moments lie outside what is claimed of them; and how wide the claims are. */
function held(
  clocks: readonly MadeUpClock[],
  host: number,
  segments: readonly ClockSegment[],
  seconds: number,
): { outside: number; widest: number; narrowest: number } {
  let [outside, widest, narrowest] = [0, 0, Infinity]
  for (let truth = 0; truth <= seconds * S; truth += (seconds * S) / 997) {
    const own = clocks[host]!.read(truth)
    const { offset, uncertainty } = segmentAt(segments, own)
    const error = Math.abs(own + offset - clocks[0]!.read(truth))
    // Readings are whole nanoseconds.
    if (error > uncertainty! + 2) outside++
    widest = Math.max(widest, uncertainty!)
    narrowest = Math.min(narrowest, uncertainty!)
  }
  return { outside, widest, narrowest }
}

/** With something said by hand of the second's clock. */
const given = (inputs: readonly HostClock[], offset: number | null, uncertainty: number): HostClock[] => [
  inputs[0]!,
  { ...inputs[1]!, given: new Map([[0, { offset, uncertainty }]]) },
]

const both = [
  [0, 1],
  [1, 0],
] as const

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('clocks placed by messages', () => {
  it('are never farther from the truth than is said, however they drift', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const seconds = 600
      // Some messages take half a minute, in which clocks part.
      const latency = seed % 8 === 7 ? 30 * S : (seed % 5) * MS
      const { clocks, inputs } = exchange({ seed, hosts: 2, seconds, every: (1 + (seed % 30)) * S, rate: 40e-6, latency, ways: both })
      const { clocks: placed, pairs } = placeClocks(inputs, 0, 100e-6)
      const [{ segments, basis }] = placed[1] as [(typeof placed)[1][0]]
      expect(basis).toBe('pairs')
      expect(pairs).toBeGreaterThan(10)
      const { outside, widest } = held(clocks, 1, segments, seconds)
      expect(outside).toBe(0)
      // Half the way there and back, and what clocks part in half the time between two messages, and a quarter on top.
      expect(widest).toBeLessThan((latency + 2000 + 100e-6 * (1 + (seed % 30)) * 1.2 * S) * 1.3 + 2000)
    }
  })

  it('are placed over hosts in between', () => {
    const ways = [
      [0, 1],
      [1, 0],
      [1, 2],
      [2, 1],
      [2, 3],
      [3, 2],
    ] as const
    const { clocks, inputs } = exchange({ seed: 5, hosts: 4, seconds: 300, every: 3 * S, rate: 30e-6, latency: MS, ways })
    const { clocks: placed } = placeClocks(inputs, 0, 100e-6)
    const widths = [1, 2, 3].map((host) => {
      const { outside, narrowest } = held(clocks, host, placed[host]![0]!.segments, 300)
      expect(outside).toBe(0)
      return narrowest
    })
    // What is not known adds up on the way.
    expect(widths[0]!).toBeLessThan(widths[1]!)
    expect(widths[1]!).toBeLessThan(widths[2]!)
  })

  it('are known worse the longer ago the last message is, and stay right', () => {
    const { clocks, inputs } = exchange({ seed: 9, hosts: 2, seconds: 20, every: S, rate: 50e-6, latency: MS, ways: both })
    const [a, b] = inputs as [HostClock, HostClock]
    const late = lookOf(b.look.told, clocks[1]!.read(0), clocks[1]!.read(3600 * S))
    const { clocks: placed } = placeClocks(
      [
        { ...a, look: lookOf(a.look.told, clocks[0]!.read(0), clocks[0]!.read(3600 * S)) },
        { ...b, look: late },
      ],
      0,
      100e-6,
    )
    const { segments } = placed[1]![0]!
    expect(held(clocks, 1, segments, 3600).outside).toBe(0)
    expect(segments[0]!.uncertainty).toBeLessThan(2 * MS)
    // 100 ppm over an hour.
    expect(segments.at(-1)!.uncertainty).toBeGreaterThan(300 * MS)
    expect(segments.length).toBeLessThanOrEqual(SEGMENTS_MAX + 1)
  })

  it('are found among many in seconds', () => {
    const ways = Array.from({ length: 29 }, (_, i) => [
      [0, i + 1],
      [i + 1, 0],
    ]).flat() as unknown as readonly (readonly [number, number])[]
    const { clocks, inputs } = exchange({ seed: 1, hosts: 30, seconds: 300, every: 2 * S, rate: 40e-6, latency: MS, ways })
    const { clocks: placed, pairs } = placeClocks(inputs, 0, 100e-6)
    expect(pairs).toBe(29 * 2 * 150)
    for (const host of [1, 17, 29]) expect(held(clocks, host, placed[host]![0]!.segments, 300).outside).toBe(0)
  })

  it('have one offset where they do not drift', () => {
    const { inputs } = exchange({ seed: 2, hosts: 2, seconds: 60, every: S, rate: 0, latency: MS, ways: both })
    const { clocks } = placeClocks(inputs, 0, 0)
    expect(clocks[1]![0]!.segments).toHaveLength(1)
  })

  it('need messages both ways, or a word', () => {
    const one = exchange({ seed: 3, hosts: 2, seconds: 60, every: S, rate: 0, latency: MS, ways: [[0, 1]] })
    expect(() => placeClocks(one.inputs, 0, 0)).toThrow(UnplacedClockError)
    const none = exchange({ seed: 3, hosts: 2, seconds: 60, every: S, rate: 0, latency: MS, ways: [] })
    expect(() => placeClocks(none.inputs, 0, 0)).toThrow(UnplacedClockError)
    expect(placeClocks(given(none.inputs, 5, 7), 0, 100e-6).clocks[1]).toEqual([
      { basis: 'given', pairs: 0, segments: [expect.objectContaining({ offset: 5, uncertainty: 7 })] },
    ])
    expect(placeClocks(given(none.inputs, null, 0), 0, 100e-6).clocks[1]).toEqual([
      { basis: 'none', pairs: 0, segments: [expect.objectContaining({ offset: 0, uncertainty: null })] },
    ])
  })

  it('take what was given and what events tell together', () => {
    const { clocks, inputs } = exchange({ seed: 4, hosts: 2, seconds: 60, every: S, rate: 0, latency: 10 * MS, ways: [[0, 1]] })
    const truth = clocks[0]!.read(0) - clocks[1]!.read(0)
    const [a, b] = inputs as [HostClock, HostClock]
    // By hand a second either way: messages tell that it cannot be more on one side.
    const { segments } = placeClocks([a, { ...b, given: new Map([[0, { offset: truth, uncertainty: S }]]) }], 0, 0).clocks[1]![0]!
    expect(segments[0]!.uncertainty).toBeGreaterThan(0.4 * S)
    expect(segments[0]!.uncertainty).toBeLessThan(0.55 * S)
    expect(Math.abs(segments[0]!.offset - truth)).toBeLessThanOrEqual(segments[0]!.uncertainty!)
  })

  it('are refused when what is said of them cannot be true, naming what', () => {
    const { inputs } = exchange({ seed: 6, hosts: 2, seconds: 30, every: S, rate: 0, latency: MS, ways: both })
    const [a, b] = inputs as [HostClock, HostClock]
    // One message came a second before it was sent.
    const told = b.look.told.map((t) => (t.id === '21' ? { ...t, time: t.time - S } : t))
    const wrong = [a, { ...b, look: { ...b.look, told } }]
    const error = caught(() => placeClocks(wrong, 0, 0)) as ContradictionError<{ id: string }>
    expect(error).toBeInstanceOf(ContradictionError)
    expect(error.whys.map(({ id }) => id)).toContain('21')
    expect(error.by).toBeGreaterThan(0.9 * S)
    expect(error.by).toBeLessThan(S)
    // And by hand.
    expect(() => placeClocks([a, { ...b, given: new Map([[0, { offset: 0, uncertainty: 1 }]]) }], 0, 0)).toThrow(ContradictionError)
  })

  it('tell nothing by what one host says twice', () => {
    const { inputs } = exchange({ seed: 7, hosts: 2, seconds: 30, every: S, rate: 0, latency: MS, ways: both })
    const [a, b] = inputs as [HostClock, HostClock]
    const again = { ...b.look.told[0]!, time: b.look.told[0]!.time - 5 * S, seq: 999 }
    const { ambiguous, pairs } = placeClocks([a, { ...b, look: { ...b.look, told: [...b.look.told, again] } }], 0, 0)
    expect(ambiguous).toBe(1)
    expect(pairs).toBe(59)
  })
})
