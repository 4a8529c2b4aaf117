import { describe, expect, it } from 'vitest'
import type { Bench } from './bench.ts'
import { NoSuchBenchError, selected } from './select.ts'

const bench = (name: string, ...peers: string[]): Bench => ({
  name,
  about: '',
  peers: peers.map((peer) => ({ name: peer })),
  measure: async () => [],
})
const benches = [bench('box/open', 'lid', 'crowbar'), bench('box/close', 'lid'), bench('jar/open', 'teeth')]
const chosen = (...names: string[]): string[] =>
  selected(benches, names).map(({ bench, peers }) => `${bench.name}: ${peers.map((p) => p.name).join(', ')}`)

describe('the benches that are wanted', () => {
  it('are all of them unless some are named', () => {
    expect(chosen()).toEqual(['box/open: lid, crowbar', 'box/close: lid', 'jar/open: teeth'])
  })

  it('are those whose figures’ names contain one of the names, beside the peers that do', () => {
    expect(chosen('box/')).toEqual(['box/open: lid, crowbar', 'box/close: lid'])
    expect(chosen('lid', 'jar')).toEqual(['box/open: lid', 'box/close: lid', 'jar/open: teeth'])
    expect(chosen('open vs crow')).toEqual(['box/open: crowbar'])
  })

  it('a name that fits none is refused with those there are', () => {
    expect(() => chosen('lid', 'key')).toThrow(NoSuchBenchError)
    expect(() => chosen('lid', 'key')).toThrow('no bench has "key" in its name; there are\n  box/open vs lid\n  box/open vs crowbar\n')
  })
})
