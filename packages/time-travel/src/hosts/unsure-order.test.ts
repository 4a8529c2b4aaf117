/** What is called sure of an expression about two hosts must be so in every order that clocks allow. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { flips, type Flip } from '../explain/bisect.ts'
import { parseExpression } from '../expression/parse.ts'
import { lamp, street } from './houses.test-support.ts'

const both = parseExpression('device("a:lamp").lit == true and device("b:lamp").lit == true')

/** When each host's lamp was switched in truth, given what its clock said; a host's own order is kept. */
const within = (times: readonly number[], off: readonly number[]): number[] => {
  let last = -Infinity
  return times.map((time, i) => (last = Math.max(last, time + off[i]!)))
}

/** By number of the switch (`a 0`) what became of the expression there, in the order of the given times; a goes first at equal ones. */
function turns(a: readonly number[], b: readonly number[]): Map<string, boolean> {
  const all = [...a.map((time, i) => ({ host: 'a', i, time })), ...b.map((time, i) => ({ host: 'b', i, time }))]
  all.sort((x, y) => x.time - y.time || x.host.localeCompare(y.host) || x.i - y.i)
  const lit = { a: false, b: false }
  let was = false
  const found = new Map<string, boolean>()
  for (const { host, i } of all) {
    lit[host as 'a' | 'b'] = i % 2 === 0
    const now = lit.a && lit.b
    if (now !== was) found.set(`${host} ${i}`, now)
    was = now
  }
  return found
}

const times = fc.uniqueArray(fc.integer({ min: 10, max: 90 }), { minLength: 1, maxLength: 6 }).map((all) => all.toSorted((x, y) => x - y))

it('holds for any clocks within their uncertainty', async () => {
  let [sure, unsure] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      times,
      times,
      fc.integer({ min: 0, max: 8 }),
      fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 12, maxLength: 12 }),
      async (a, b, off, shifts) => {
        const log = await street([lamp(...a), lamp(...b)], [[{ offset: 0, uncertainty: off }]])
        const all: Flip[] = []
        const stretch = await flips(log.history, both, (flip) => void all.push(flip))
        const switches = log.events.filter(({ type }) => /lit|went-out/.test(type))
        const nameOf = (seq: number): string => {
          const { host } = switches.find((event) => event.seq === seq)!
          return `${host === 1 ? 'a' : 'b'} ${switches.filter((event) => event.host === host && event.seq < seq).length}`
        }
        const said = all.filter(({ from, to }) => to === true || from === true)
        // The reference is right; the other is off by no more than is said, each time by something else.
        const actual = turns(
          a,
          within(
            b,
            shifts.map((shift) => (shift / 100) * off),
          ),
        )
        for (const { seq, to, isSure } of said) {
          expect(!isSure || actual.get(nameOf(seq)) === (to === true)).toBe(true)
          if (isSure) sure++
          else unsure++
        }
        // And nothing happens that was not said, but where that is said.
        for (const name of actual.keys()) {
          const seq = switches.find((event) => nameOf(event.seq) === name)!.seq
          const isSaid = said.some((flip) => flip.seq === seq)
          expect(isSaid || (stretch !== null && seq >= stretch.first && seq <= stretch.last)).toBe(true)
        }
      },
    ),
    { numRuns: 400 },
  )
  expect(sure).toBeGreaterThan(100)
  expect(unsure).toBeGreaterThan(50)
})
