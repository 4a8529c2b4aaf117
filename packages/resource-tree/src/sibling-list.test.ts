import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Resource } from './resource.ts'
import { CHUNK, SiblingList } from './sibling-list.ts'

const at = (start: number, end = start): Resource => new Resource(BigInt(start), BigInt(end))
const starts = (list: Iterable<Resource>): number[] => Array.from(list, ({ start }) => Number(start))

/** Every tenth address, so that there is room between. */
const full = (count: number): SiblingList<Resource> => SiblingList.of(Array.from({ length: count }, (_, i) => at(10 * i)))

describe('a list of many chunks', () => {
  const COUNT = 5 * CHUNK

  test('finds what a walk from its head finds', () => {
    const list = full(COUNT)
    const plain = [...list]
    for (let address = -1; address < 10 * COUNT + 1; address += 7) {
      const place = list.endingFrom(BigInt(address))
      const expected = plain.findIndex(({ end }) => end >= BigInt(address))
      expect(list.at(place)).toBe(expected < 0 ? null : plain[expected])
      expect(list.index(place)).toBe(expected < 0 ? COUNT : expected)
      expect(list.before(place)).toBe(plain.at(expected < 0 ? -1 : expected - 1 < 0 ? COUNT : expected - 1) ?? null)
    }
  })

  test('tells ends apart that round to one double', () => {
    const top = 2n ** 64n - 10_000n
    const list = SiblingList.of(Array.from({ length: COUNT }, (_, i) => new Resource(top + BigInt(i), top + BigInt(i))))
    for (const i of [0, 1, CHUNK - 1, CHUNK, 3 * CHUNK + 5, COUNT - 1]) expect(list.index(list.endingFrom(top + BigInt(i)))).toBe(i)
    expect(list.endingFrom(top + BigInt(COUNT))).toBe(list.endPlace)
  })

  test('is walked place by place from the first to the last', () => {
    const list = full(COUNT)
    const walked: Resource[] = []
    for (let place = 0; list.at(place) !== null; place = list.next(place)) walked.push(list.at(place)!)
    expect(walked).toEqual([...list])
    expect([list.first, list.last, list.length]).toEqual([walked[0], walked.at(-1), COUNT])
  })

  test('keeps its order whatever is put in, taken out or replaced, across chunks', () => {
    const change = fc.record({
      kind: fc.constantFrom('insert', 'insert', 'remove', 'replace'),
      where: fc.nat(10 * COUNT),
      count: fc.nat(3 * CHUNK),
    })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60, size: 'max' }), (changes) => {
        const list = full(COUNT)
        let plain = starts(list)
        for (const { kind, where, count } of changes) {
          const place = list.endingFrom(BigInt(where))
          const index = list.index(place)
          if (kind === 'insert' && plain[index] !== where) {
            list.insert(place, at(where))
            plain.splice(index, 0, where)
          } else if (kind === 'remove' && index < plain.length) {
            list.remove(place)
            plain.splice(index, 1)
          } else if (kind === 'replace') {
            const gone = Math.min(count, plain.length - index)
            const from = (plain[index - 1] ?? -1) + 1
            const to = plain[index + gone] ?? from + 3
            const stead = [from, from + 1].filter((start) => start < to)
            list.replace(
              place,
              gone,
              stead.map((start) => at(start)),
            )
            plain = [...plain.slice(0, index), ...stead, ...plain.slice(index + gone)]
          }
          expect(list.length).toBe(plain.length)
          expect(list.regular).toBe(true)
        }
        expect(starts(list)).toEqual(plain)
        for (const child of list) expect(list.at(list.placeOf(child))).toBe(child)
      }),
      { numRuns: 30 },
    )
  })

  test('knows a resource that is not in it, though one of the same range is', () => {
    const list = full(COUNT)
    expect(list.placeOf(at(100))).toBe(-1)
    expect(list.placeOf(at(101))).toBe(-1)
    expect(list.placeOf(at(10 * COUNT))).toBe(-1)
  })
})

describe('a list is regular', () => {
  test.each([
    ['that ends before it starts', at(15, 14)],
    ['that overlaps the one before', at(10, 12)],
    ['that overlaps the one behind', at(15, 20)],
  ])('not with a range %s, and again without it', (_, odd) => {
    const list = full(5)
    const place = list.endingFrom(11n)
    list.insert(place, odd)
    expect(list.regular).toBe(false)
    expect(list.at(list.placeOf(odd))).toBe(odd)
    list.remove(list.placeOf(odd))
    expect(list.regular).toBe(true)
  })

  test('not after a range changed into its neighbour, and again when it changed back', () => {
    const list = full(5)
    const place = list.endingFrom(10n)
    list.at(place)!.end = 20n
    list.changed(place)
    expect(list.regular).toBe(false)
    list.at(place)!.end = 19n
    list.changed(place)
    expect(list.regular).toBe(true)
  })

  test('not when what is put in the stead of others is not', () => {
    const list = full(5)
    list.replace(list.endingFrom(10n), 1, [at(12), at(11)])
    expect(list.regular).toBe(false)
    list.replace(1, 2, [])
    expect([list.regular, starts(list)]).toEqual([true, [0, 20, 30, 40]])
  })
})
