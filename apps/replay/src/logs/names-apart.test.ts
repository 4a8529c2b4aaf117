import { expect, test } from 'vitest'
import { namesApart } from './names-apart.ts'

test.each([
  ['a', 'b', '/x/a', '/x/b', ['a', 'b']],
  ['crash', 'crash', 'recordings/linux-6.12/crash', 'recordings/linux-7.2/crash/', ['linux-6.12/crash', 'linux-7.2/crash']],
  ['crash', 'crash', '/v1/linux/crash', '/v2/linux/crash', ['v1/linux/crash', 'v2/linux/crash']],
  // The same log has the same name; a trace file and its folder are told apart by what was given.
  ['crash', 'crash', '/v1/crash', '/v1/./crash', ['crash', 'crash']],
  ['crash', 'crash', '/v1/crash', '/v1/crash/trace.dat', ['crash', 'trace.dat']],
])('%s and %s, given as %s and %s', (here, there, one, other, expected) => {
  expect(namesApart([here, there], [one, other])).toEqual(expected)
})
