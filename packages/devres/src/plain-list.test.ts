/** Groups beside the words of the specification (spec/core.md 3.3), over sequences of operations. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coreOf } from './core.test-support.ts'
import { DeviceResources } from './devres.ts'
import type { Rules } from './rules.ts'

/** A resource, or a marker of the group with this number. */
type Token = { readonly resource: string } | { readonly opens: number } | { readonly closes: number }

/** A device's list as tokens. */
class PlainList {
  tokens: Token[] = []
  readonly #ids: (string | undefined)[] = []

  add(resource: string): void {
    this.tokens.push({ resource })
  }

  open(id: string | undefined): void {
    this.tokens.push({ opens: this.#ids.push(id) - 1 })
  }

  isClosed(group: number): boolean {
    return this.tokens.some((token) => 'closes' in token && token.closes === group)
  }

  /** The newest of that id, open or closed; without an id the newest that is open. */
  lookup(id: string | undefined): number | undefined {
    const groups = this.tokens.flatMap((token) => ('opens' in token ? [token.opens] : []))
    return groups.findLast((group) => (id === undefined ? !this.isClosed(group) : this.#ids[group] === id))
  }

  close(group: number): void {
    this.tokens.push({ closes: group })
  }

  remove(group: number): void {
    this.tokens = this.tokens.filter((token) => !isMarkerOf(token, group))
  }

  /** What is released, in order. */
  release(group: number): string[] {
    const from = this.tokens.findIndex((token) => 'opens' in token && token.opens === group)
    const closing = this.tokens.findIndex((token) => 'closes' in token && token.closes === group)
    return this.#releaseRange(from, closing === -1 ? this.tokens.length : closing + 1)
  }

  releaseAll(): string[] {
    return this.#releaseRange(0, this.tokens.length)
  }

  #releaseRange(from: number, to: number): string[] {
    const range = this.tokens.slice(from, to)
    const isInRange = (token: Token): boolean => range.includes(token)
    const dissolved = new Set<number>()
    for (const token of range) {
      if (!('opens' in token)) continue
      const closing = this.tokens.find((other) => 'closes' in other && other.closes === token.opens)
      if (closing === undefined || isInRange(closing)) dissolved.add(token.opens)
    }
    const released = range.flatMap((token) => ('resource' in token ? [token.resource] : []))
    const isGone = (token: Token): boolean =>
      'resource' in token ? isInRange(token) : [...dissolved].some((group) => isMarkerOf(token, group))
    this.tokens = this.tokens.filter((token) => !isGone(token))
    return released.toReversed()
  }
}

const isMarkerOf = (token: Token, group: number): boolean =>
  ('opens' in token && token.opens === group) || ('closes' in token && token.closes === group)

const shown = (token: Token): string => ('resource' in token ? 'devm_action_release' : 'opens' in token ? 'grp<' : 'grp>')

const command = fc.record({
  call: fc.constantFrom('add', 'add', 'add', 'open', 'open', 'close', 'close', 'release', 'remove', 'releaseAll'),
  id: fc.constantFrom('g', 'h', undefined),
})

describe.each<Rules>(['linux-6.1', 'seed'])('by the rules of %s', (rules) => {
  it('what a group holds, releases and leaves is what the specification says', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const resources = new DeviceResources(coreOf(rules).core, 1)
        const list = new PlainList()
        let ran: string[] = []
        for (const [n, { call, id }] of commands.entries()) {
          ran = []
          const group = list.lookup(id)
          let expected: string[] = []
          if (call === 'add') {
            resources.addAction((name: string) => ran.push(name), `r${n}`)
            list.add(`r${n}`)
          } else if (call === 'open') {
            resources.openGroup(id)
            list.open(id)
          } else if (call === 'close') {
            if (group !== undefined && list.isClosed(group)) {
              expect(() => resources.closeGroup(id)).toThrow(/closed twice/)
              continue
            }
            resources.closeGroup(id)
            if (group !== undefined) list.close(group)
          } else if (call === 'remove') {
            resources.removeGroup(id)
            if (group !== undefined) list.remove(group)
          } else if (call === 'release') {
            expected = group === undefined ? [] : list.release(group)
            expect(resources.releaseGroup(id)).toBe(expected.length)
          } else {
            expected = list.releaseAll()
            expect(resources.releaseAll('explicit')).toBe(expected.length)
          }
          expect([ran, resources.list().map(({ release }) => release)]).toEqual([expected, list.tokens.map(shown)])
        }
      }),
      { numRuns: 300 },
    )
  })
})
