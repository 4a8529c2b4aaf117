/** Every vector of `spec/pmem.md` that is this package's is cited by a test, and no test cites one that is not there. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { specVectors } from '../test/spec-vectors.ts'

const isTest = (file: string): boolean => file.endsWith('.test.ts') && file !== 'spec-vectors.test.ts'

/** What a title of a test, or a row that goes into one, begins with. */
const CITED = /'(§\d \(c\)(?: (?:\d+|geometry|checksums|sizes))?)(?=[ :'])/g

function cited(): Map<string, string[]> {
  const by = new Map<string, string[]>()
  for (const file of readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(isTest))
    for (const [, vector] of readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(CITED))
      by.set(vector!, [...(by.get(vector!) ?? []), file])
  return by
}

test('each is cited, and each citation is of one', () => {
  expect([...cited().keys()].toSorted()).toEqual(Object.keys(specVectors).toSorted())
})
