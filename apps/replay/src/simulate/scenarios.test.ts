/** What each shipped scenario breaks, under the rules of both eras; nothing tells the rules what to find. */
import { scenarios } from '@devtrail/simulation'
import { describe, expect, test } from 'vitest'
import { broken } from './broken.test-support.ts'

/** The series tears a queue's counter down while its pagemap still has it for its reference: whatever is unbound. */
const DANGLES = 'nvdimm-pmem/counter-dangles'

/** Its kernel leaves the mapping behind through which the superblock was read (devm_memremap until 4.5): whatever was bound once. */
const LEFT = 'memremap/mapping-left'

const BROKEN: { readonly [name: string]: readonly [seed: readonly string[], linux61: readonly string[]] } = {
  'fsdax-pinned-unbind': [
    [LEFT, DANGLES],
    ['memremap/put-after-removal', 'memremap/referenced-at-removal'],
  ],
  'fsdax-splice': [[LEFT, DANGLES], []],
  // The series gives blocks up at once, whoever has their pages.
  'fsdax-truncate-hang': [['memremap/freed-block-referenced', LEFT], ['memremap/idle-waiter-not-woken']],
  'fsdax-dev': [[LEFT, DANGLES], []],
  // The series has no dax devices, and a raw namespace has no pages.
  'devdax-dev': [[LEFT, DANGLES], []],
  'sector-btt-4096': [[LEFT], []],
  'raw-bind-unbind': [[LEFT], []],
  'direct-io-and-truncate': [[LEFT], []],
  'lost-mapping': [[LEFT, 'nvdimm-pmem/served-without-mapping'], []],
  'whole-life': [[LEFT, DANGLES], []],
  'failed-mapping': [[LEFT, 'nvdimm-pmem/queue-leaked'], []],
  'splice-races': [[LEFT, DANGLES], []],
  // And what is bound again has other pages than those that the pipe gives back.
  'unbind-under-load': [
    [LEFT, DANGLES],
    ['memremap/put-beyond-last', 'memremap/referenced-at-removal'],
  ],
}

describe('a scenario, under the series and under Linux 6.1', () => {
  test.each(Object.entries(BROKEN))('%s', (name, [series, linux61]) => {
    const scenario = scenarios.find((s) => s.name === name)!
    expect(broken(scenario, 'seed')).toEqual(series)
    expect(broken(scenario, 'linux-6.1')).toEqual(linux61)
  })

  test('each is looked at; fsdax-gup-stress is beside its recording', () => {
    expect([...Object.keys(BROKEN), 'fsdax-gup-stress'].toSorted()).toEqual(scenarios.map(({ name }) => name).toSorted())
  })

  test.each(['splice-races', 'direct-io-and-truncate'])('%s: some seeds break a rule, others none', (name) => {
    const scenario = scenarios.find((s) => s.name === name)!
    const found = Array.from({ length: 40 }, (_, seed) => broken(scenario, 'linux-6.1', seed).length > 0)
    expect(new Set(found)).toEqual(new Set([true, false]))
  })
})
