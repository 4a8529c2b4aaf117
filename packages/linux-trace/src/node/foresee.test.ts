import { expect, it } from 'vitest'
import { foresee } from './foresee.ts'

const HEADER = '# entries-in-buffer/entries-written: 5/5   #P:2\n'
const entry = (n: number, cpu: number): string => `  sh-1   [00${cpu}] .....  1.00000${n}: tracing_mark_write: ${n}\n`

const foreseen = (text: string, size = text.length): ReturnType<typeof foresee> =>
  foresee(async function* read() {
    const bytes = new TextEncoder().encode(text)
    for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size))
  }, '')

it('a CPU is blind from its last entry before the mark of what it lost', async () => {
  const text = `${HEADER}${entry(1, 0)}${entry(2, 1)}${entry(3, 0)}CPU:1 [LOST 4 EVENTS]\n${entry(4, 1)}CPU:0 [2 EVENTS DROPPED]\n${entry(5, 0)}`
  const blind = [
    { after: 2, cpu: 1 },
    { after: 3, cpu: 0 },
  ]
  expect(await foreseen(text)).toEqual({ lateCpus: null, blind, placed: 6, announced: 0 })
  // However the bytes come.
  for (const size of [1, 3, 7, 64]) expect(await foreseen(text, size)).toEqual({ lateCpus: null, blind, placed: 6, announced: 0 })
})

it('one that lost entries before its first is blind from the beginning', async () => {
  const text = `${HEADER}${entry(1, 0)}CPU:1 [LOST 4 EVENTS]\n${entry(2, 1)}`
  expect(await foreseen(text)).toEqual({ lateCpus: null, blind: [{ after: 0, cpu: 1 }], placed: 4, announced: 0 })
})

it.each([
  ['as many', '5/5', 0],
  ['more', '5/11', 6],
])('a header at the end that announces %s', async (_, counts, announced) => {
  const lines = `${entry(1, 0)}${entry(2, 1)}# entries-in-buffer/entries-written: ${counts}   #P:2\n`
  for (const size of [1, 7, 64, 4096]) expect(await foreseen(lines, size)).toMatchObject({ blind: [], placed: 0, announced })
})
