import { expect, it } from 'vitest'
import { staleIn, tableOf, type Size } from './sizes.ts'

const size: Size = { name: '@x/a', packedBytes: 12_345, unpackedBytes: 98_765, bundledBytes: 4321, house: 1, others: ['rxjs'] }

it('a table says of itself that it is right', () => {
  expect(tableOf([size])).toContain('| `@x/a` | 4.3 kB | 12 kB | 99 kB | 1 | `rxjs` |')
  expect(staleIn(tableOf([size]), [size])).toEqual([])
})

it('a tenth more or less is let pass, and more is not', () => {
  expect(staleIn(tableOf([size]), [{ ...size, packedBytes: 13_000 }])).toEqual([])
  expect(staleIn(tableOf([size]), [{ ...size, packedBytes: 15_000 }])).toEqual(['@x/a, to download: 12 kB, is 15 kB'])
})

it('another dependency, a package that is missing and one too many are named', () => {
  expect(staleIn(tableOf([size]), [{ ...size, others: ['rxjs', 'tslib'] }])).toEqual(['@x/a, from elsewhere: `rxjs`, is `rxjs`, `tslib`'])
  expect(staleIn('', [size])).toEqual(['@x/a is not in it'])
  expect(staleIn(tableOf([size, { ...size, name: '@x/b' }]), [size])).toEqual(['`@x/b` is not published'])
})

it('a package that cannot be imported has no size in a bundle', () => {
  expect(staleIn(tableOf([{ ...size, bundledBytes: null }]), [size])).toEqual(['@x/a, in a bundle: –, is 4.3 kB'])
})
