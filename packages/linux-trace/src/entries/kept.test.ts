import { expect, it } from 'vitest'
import { KeptReader, type KeptEntry } from './kept.ts'
import { KeptWriter } from './kept-writer.ts'

const LINE = '   pin-7 [001] d....  5.000001: dax_pte_fault: dev 259:0 "é"'
const FIELDS = { comm: 'pin', pid: 7, cpu: 1, context: 'd....', time: 5_000_001_000 }
const LATE = 2 ** 33 + 1

function written(): Uint8Array {
  const kept = new KeptWriter()
  const bytes = new TextEncoder().encode(`x${LINE}\n`)
  kept.text(1, bytes, 1, bytes.length - 1)
  kept.entry({ ...FIELDS, number: 2, line: 9, event: 'odd', body: 'two\nlines' })
  kept.task(3, { pid: 7, comm: 'pin' })
  kept.context(0, 'd....')
  kept.format(9, { event: 'dax_pmd_fault', format: 'name: dax_pmd_fault' })
  const record = new DataView(Uint8Array.from([255, 1, 2, 3, 4, 5, 6]).buffer)
  kept.record(LATE, 2 ** 40 + 5, 1, 3, 0, 9, record, 1, 6)
  kept.record(LATE + 1, 2 ** 40 + 6, 0, 3, 0, 9, record, 1, 0)
  return kept.take()
}

const ENTRIES: KeptEntry[] = [
  { entry: 1, ...FIELDS, event: 'dax_pte_fault', body: 'dev 259:0 "é"' },
  { entry: 2, ...FIELDS, event: 'odd', body: 'two\nlines' },
  {
    entry: LATE,
    ...FIELDS,
    time: 2 ** 40 + 5,
    event: 'dax_pmd_fault',
    format: 'name: dax_pmd_fault',
    record: '010203040506',
  },
  { entry: LATE + 1, ...FIELDS, cpu: 0, time: 2 ** 40 + 6, event: 'dax_pmd_fault', record: '' },
]

it.each([1, 3, 7, 64, 4096])('what was kept is read back, in pieces of %i bytes', (size) => {
  const bytes = written()
  const reader = new KeptReader()
  const entries: KeptEntry[] = []
  for (let at = 0; at < bytes.length; at += size) entries.push(...reader.read(bytes.subarray(at, at + size)))
  reader.end()
  expect(entries).toEqual(ENTRIES)
})

it('a writer that is used again leaves nothing of what it held before', () => {
  const kept = new KeptWriter()
  const bytes = new TextEncoder().encode(LINE)
  kept.text(1, bytes, 0, bytes.length)
  kept.take()
  kept.entry({ ...FIELDS, number: 2, line: 9, event: 'odd', body: '' })
  expect([...new KeptReader().read(kept.take())]).toEqual([{ entry: 2, ...FIELDS, event: 'odd', body: '' }])
})

it('bytes that no import wrote are refused', () => {
  const reader = new KeptReader()
  expect([...reader.read(written().subarray(0, -1))]).toHaveLength(3)
  expect(() => reader.end()).toThrow('the last is cut after')
  expect(() => [...new KeptReader().read(Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))]).toThrow('kind 7')
  const kept = new KeptWriter()
  kept.record(1, 0, 0, 5, 0, 9, new DataView(new ArrayBuffer(4)), 0, 4)
  expect(() => [...new KeptReader().read(kept.take())]).toThrow('entry 1 refers to what is not there')
})
