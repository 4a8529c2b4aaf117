import { describe, expect, test } from 'vitest'
import { isScaled, lastTop, LINE_PX, SCROLL_PX_MAX, scrollHeight, scrollTopFor, topAt, topFor } from './event-scroll.ts'

const short = { count: 300, lines: 16 }
const long = { count: 10_000_000, lines: 16 }

describe('a list of all events', () => {
  test('of a short log scrolls pixel by pixel', () => {
    expect([isScaled(short), scrollHeight(short)]).toEqual([false, 300 * LINE_PX])
    expect(topAt(short, 5 * LINE_PX + 4)).toBe(5)
    expect(topAt(short, 1e9)).toBe(284)
  })

  test('of ten million is no longer than browsers can scroll, and every line can stand on top', () => {
    expect([isScaled(long), scrollHeight(long)]).toEqual([true, SCROLL_PX_MAX])
    expect(topAt(long, 0)).toBe(0)
    expect(topAt(long, SCROLL_PX_MAX - 16 * LINE_PX)).toBe(lastTop(long))
    for (const top of [0, 1, 4_999_999, lastTop(long)]) expect(Math.abs(topAt(long, scrollTopFor(long, top)) - top)).toBeLessThanOrEqual(1)
  })

  test('moves as little as can be, or far away to the middle', () => {
    expect(topFor(short, 10, 12)).toBe(10)
    expect(topFor(short, 10, 9)).toBe(9)
    expect(topFor(short, 10, 26)).toBe(11)
    expect(topFor(long, 10, 5_000_000)).toBe(5_000_000 - 8)
    expect(topFor(short, 0, 299)).toBe(284)
    expect(topFor({ count: 0, lines: 16 }, 0, 0)).toBe(0)
  })
})
