import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bumped, expectedBumps, moved } from './bumps.ts'
import { houseOf } from './house.ts'

const house = {
  versions: new Map([
    ['a', '0.1.0'],
    ['b', '0.1.0'],
    ['c', '1.2.3'],
    ['d', '2.0.0'],
    ['e', '0.0.1'],
  ]),
  dependencies: new Map([
    ['a', []],
    ['b', ['a']],
    ['c', ['b']],
    ['d', ['c']],
    ['e', []],
  ]),
  fixed: [['a', 'b']],
}

it('a version goes up as semver says', () => {
  expect([bumped('1.2.3', 'major'), bumped('1.2.3', 'minor'), bumped('1.2.3', 'patch')]).toEqual(['2.0.0', '1.3.0', '1.2.4'])
})

it('what moved is what is different', () => {
  expect(
    moved(
      new Map([
        ['a', '1.0.0'],
        ['b', '1.0.0'],
      ]),
      new Map([
        ['a', '1.0.0'],
        ['b', '1.1.0'],
      ]),
    ),
  ).toEqual(new Map([['b', '1.0.0 → 1.1.0']]))
})

describe('what has to move with a package', () => {
  it('is its fixed group, and by a patch whoever had it in a range that it left', () => {
    expect(Object.fromEntries(expectedBumps(house, 'b', 'minor'))).toEqual({
      a: '0.1.0 → 0.2.0',
      b: '0.1.0 → 0.2.0',
      c: '1.2.3 → 1.2.4',
    })
  })

  it('goes on where a patch leaves the range', () => {
    const early = { ...house, versions: new Map([...house.versions, ['c', '0.0.3']]) }
    expect([...expectedBumps(early, 'b', 'minor').keys()]).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is the group alone where nobody has to move', () => {
    expect([...expectedBumps(house, 'b', 'patch').keys()]).toEqual(['a', 'b'])
    expect([...expectedBumps(house, 'e', 'patch')]).toEqual([['e', '0.0.1 → 0.0.2']])
  })
})

it('the packages that share a version are named where users are told so', () => {
  const root = join(import.meta.dirname, '../../..')
  const told = /\(([^()]*)\) always have one version/.exec(readFileSync(join(root, 'docs/compatibility.md'), 'utf8'))?.[1]
  const named = [...(told ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => `@devtrail/${name}`)
  expect([named.toSorted()]).toEqual(houseOf(root).fixed.map((group) => group.toSorted()))
})
