import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeBtf } from '../btf/btf.test-support.ts'
import { Btf } from '../btf/btf.ts'
import { parseProbeDefinitions } from '../probes.ts'
import { isKnownFunction } from '../known-probes.ts'
import { layoutOf, probesOf, type Probe } from './layout.ts'
import { verifiedKernels, type VerifiedKernel } from './verified.ts'

const kernel = (release: string): VerifiedKernel => verifiedKernels.find((k) => k.release.startsWith(release))!
const lines = (probes: readonly Probe[]): string =>
  probes
    .map(
      ({ event, symbol, module, isReturn, fetch }) =>
        `${isReturn ? 'r' : 'p'}:dt/${event} ${module === null ? '' : `${module}:`}${symbol} ${fetch}`,
    )
    .join('\n')

const sorted = (fields: ReadonlyMap<string, string>): string[] => [...fields.values()].toSorted()
const fieldsOf = (release: string, event: string): object =>
  Object.fromEntries(parseProbeDefinitions(lines(probesOf(kernel(release)))).get(event)!.fields)
const probesBios = (release: string): boolean => probesOf(kernel(release)).some(({ event }) => event === 'bio_release_pages')

it('the probes of 6.1 are those that the real recordings were made with', () => {
  const recorded = parseProbeDefinitions(
    readFileSync(join(import.meta.dirname, '../../../../recordings/linux-6.1/fsdax-truncate-hang/kprobe_events.txt'), 'utf8'),
  )
  const ours = parseProbeDefinitions(lines(probesOf(kernel('6.1.'))))
  expect([...ours.keys()].toSorted()).toEqual([...recorded.keys()].toSorted())
  for (const [event, { symbol, returns, fields }] of recorded) {
    const twin = ours.get(event)!
    expect([event, twin.symbol, twin.returns]).toEqual([event, symbol, returns])
    expect([event, sorted(twin.fields)]).toEqual([event, sorted(fields)])
  }
})

describe.each(verifiedKernels.map((k) => [k.release, k] as const))('%s', (_, layout) => {
  const probes = probesOf(layout)

  it('has probes whose functions and fields the import knows, each event once', () => {
    const definitions = parseProbeDefinitions(lines(probes))
    expect(definitions.size).toBe(probes.length)
    for (const { event, symbol, foreign, fields } of definitions.values()) {
      expect([event, isKnownFunction(symbol), foreign]).toEqual([event, true, []])
      expect([event, new Set(fields.values()).size]).toEqual([event, fields.size])
    }
  })
})

it('takes each field for what it is, where another kernel has something else there', () => {
  expect(fieldsOf('5.10.', 'arch_remove_memory')).toEqual({ start: 'start', size: 'size' })
  expect(fieldsOf('6.12.', 'memremap_pages')).toMatchObject({ type: 'type', start: 'start', end: 'end', pgmap_flags: 'pgmap_flags' })
})

it('the end of a bio is probed only where it gives pages back by itself', () => {
  expect(['5.10.', '6.1.', '6.12.', '7.2.'].map(probesBios)).toEqual([false, true, false, false])
})

it('a kernel without device memory is refused with what is missing', () => {
  const btf = new Btf(makeBtf([{ kind: 1, name: 'int', value: 4, words: [32] }]))
  expect(() => layoutOf(btf)).toThrow(/does not describe the function memremap_pages, .*dev_pagemap\.range\.start/)
})
