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

  add(resource: string): 0 {
    this.tokens.push({ resource })
    return 0
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

  close(group: number): 'BUG' | undefined {
    if (this.isClosed(group)) return 'BUG'
    this.tokens.push({ closes: group })
    return undefined
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

const calls = ['add', 'add', 'add', 'open', 'open', 'close', 'close', 'release', 'remove', 'releaseAll'] as const
const command = fc.record({
  call: fc.constantFrom(...calls),
  id: fc.constantFrom<Id>('g', 'h', undefined),
})

type Call = (typeof calls)[number]
type Id = 'g' | 'h' | undefined

/** Both lists after a call: what ran, how many were said to, and what stands there. */
class Pair {
  readonly #resources: DeviceResources
  readonly #list = new PlainList()
  #ran: string[] = []

  constructor(rules: Rules) {
    this.#resources = new DeviceResources(coreOf(rules).core, 1)
  }

  live(call: Call, id: Id, name: string): unknown {
    this.#ran = []
    const answer = this.#call(call, id, name)
    return [answer, this.#ran, this.#resources.list().map(({ release }) => release)]
  }

  #call(call: Call, id: Id, name: string): unknown {
    const resources = this.#resources
    if (call === 'add') return resources.addAction((data: string) => this.#ran.push(data), name)
    if (call === 'open') return void resources.openGroup(id)
    if (call === 'remove') return resources.removeGroup(id)
    if (call === 'release') return resources.releaseGroup(id)
    if (call === 'releaseAll') return resources.releaseAll('explicit')
    try {
      return resources.closeGroup(id)
    } catch {
      return 'BUG'
    }
  }

  plain(call: Call, id: Id, name: string): unknown {
    const list = this.#list
    const group = list.lookup(id)
    let released: string[] = []
    let answer: unknown
    if (call === 'add') answer = list.add(name)
    else if (call === 'open') list.open(id)
    else if (call === 'releaseAll') answer = (released = list.releaseAll()).length
    else if (call === 'release') answer = (released = group === undefined ? [] : list.release(group)).length
    else if (call === 'remove' && group !== undefined) list.remove(group)
    else if (call === 'close' && group !== undefined) answer = list.close(group)
    return [answer, released, list.tokens.map(shown)]
  }
}

describe.each<Rules>(['linux-6.1', 'seed'])('by the rules of %s', (rules) => {
  it('what a group holds, releases and leaves is what the specification says', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60, size: 'max' }), (commands) => {
        const pair = new Pair(rules)
        for (const [n, { call, id }] of commands.entries()) expect(pair.live(call, id, `r${n}`)).toEqual(pair.plain(call, id, `r${n}`))
      }),
      { numRuns: 300 },
    )
  })
})
