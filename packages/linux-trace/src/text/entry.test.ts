import { describe, expect, it } from 'vitest'
import { parseEntry, type TraceEntry } from './entry.ts'

const parsed = (text: string): Omit<TraceEntry, 'number' | 'line'> | null => {
  const entry = parseEntry(text, 1, 1)
  if (entry === null) return null
  const { number: _, line: __, ...rest } = entry
  return rest
}

describe('the parse vectors of the specification', () => {
  it('a devres_log line', () => {
    expect(
      parsed(
        '              sh-99      [000] d..1.    12.011273: devres_log: namespace0.0 ADD 000000001978f9e3 devm_kzalloc_release (40 bytes)',
      ),
    ).toEqual({
      comm: 'sh',
      pid: 99,
      cpu: 0,
      context: 'd..1.',
      time: 12_011_273_000,
      event: 'devres_log',
      body: 'namespace0.0 ADD 000000001978f9e3 devm_kzalloc_release (40 bytes)',
    })
  })

  it('a line of the function tracer', () => {
    expect(
      parsed('          <idle>-0       [001] ..s1.    13.265118: dev_pagemap_percpu_release <-percpu_ref_switch_to_atomic_rcu'),
    ).toEqual({
      comm: '<idle>',
      pid: 0,
      cpu: 1,
      context: '..s1.',
      time: 13_265_118_000,
      event: 'function',
      body: 'dev_pagemap_percpu_release <-percpu_ref_switch_to_atomic_rcu',
    })
  })

  it.each([
    ['kpr5: (__request_region+0x0/0xc0) start=0x100000000 n=0x2000 name="namespace0.0" flags=0x0', 'kpr5'],
    ['kpr4: (devm_memremap_pages+0x1d/0x60 <- memremap_pages) ret=0xff1841a101a35e30', 'kpr4'],
    ['block_bio_complete: 259,0 R 0 + 8 [0]', 'block_bio_complete'],
    ['rw: (pmem_rw+0x0/0x10) off=0x1ffb010 size=8 rw=1 flags=0x1', 'rw'],
  ])('%s', (text, event) => {
    const entry = parsed(`    kworker/u4:3-102     [000] .N...    14.000001: ${text}`)
    expect(entry).toMatchObject({ comm: 'kworker/u4:3', pid: 102, context: '.N...', event, body: text.slice(event.length + 2) })
  })

  it.each([
    ['tracing_mark_write+0xdd/0x240: cycle of pfn0.0', 'tracing_mark_write', 'cycle of pfn0.0'],
    ['tracing_mark_write <ffffffff835c36bd>: cycle: of', 'tracing_mark_write', 'cycle: of'],
    ['tracing_mark_write+0xdd/0x240 <ffffffff835c36bd>: a', 'tracing_mark_write', 'a'],
    ['tracing_mark_write: +0x1/0x2 <ffffffff835c36bd>: a', 'tracing_mark_write', '+0x1/0x2 <ffffffff835c36bd>: a'],
    ['devm_kzalloc+0x4/0x50 <-nd_pmem_probe+0x1/0x2 [nd_pmem]', 'function', 'devm_kzalloc+0x4/0x50 <-nd_pmem_probe+0x1/0x2 [nd_pmem]'],
    ['a+0x4/0x50 [m] <ffffffffc06dd030> <-b <ffffffff83af9d90>', 'function', 'a+0x4/0x50 [m] <ffffffffc06dd030> <-b <ffffffff83af9d90>'],
    ['<stack trace>', 'kernel_stack', ''],
    ['<user stack trace>', 'user_stack', ''],
  ])('with the options sym-offset, sym-addr and stacktrace: %s', (text, event, body) => {
    expect(parsed(`    sh-102     [000] .....    14.000001: ${text}`)).toMatchObject({ comm: 'sh', pid: 102, event, body })
  })

  it('a line of trace-cmd report', () => {
    expect(parsed('              sh-133   [000]    18.236408: function:             nd_pmem_probe <-- nvdimm_bus_probe')).toMatchObject({
      comm: 'sh',
      pid: 133,
      context: '',
      event: 'function',
    })
  })

  it('a line of perf script is not one of tracefs, and not mistaken for one', () => {
    expect(
      parsed('sh     122 [000]    14.846051: dev:devres_log: pfn0.0 ffffffffac3aa8f2 0xff33153de7b01f00 ffffffffac3e82dd (40 bytes)'),
    ).toBeNull()
  })
})

describe('the name of a task may hold anything', () => {
  it.each([
    ['<idle>', 0],
    ['<...>', 812],
    ['Web Content', 77],
    ['a-b-c', 5],
    ['kworker/u4:2-ev', 31],
    ['[odd]', 9],
    ['my (prog)', 10],
    ['x: y', 11],
    ['-', 12],
  ])('%s-%i', (comm, pid) => {
    expect(parsed(`${`${comm}-${pid}`.padStart(23)}   [001] .....    1.000001: ev: body`)).toMatchObject({
      comm,
      pid,
      cpu: 1,
      event: 'ev',
      body: 'body',
    })
  })
})

describe('columns that are printed or not', () => {
  it('a TGID column, known or not', () => {
    expect(parsed('  sh-102     (    102) [000] .....   9.321542: ev: x')).toMatchObject({ comm: 'sh', pid: 102, cpu: 0, context: '.....' })
    expect(parsed('  <...>-102     (-------) [000] .....   9.321542: ev: x')).toMatchObject({ comm: '<...>', pid: 102 })
  })

  it('four characters of flags, as kernels before 5.18 print them', () => {
    expect(parsed('  sh-102   [000] d..1   9.321542: ev: x')).toMatchObject({ context: 'd..1', time: 9_321_542_000 })
  })

  it('nanoseconds', () => {
    expect(parsed('  sh-102   [000] .....   9.321542001: ev: x')?.time).toBe(9_321_542_001)
  })

  it('no flags at all', () => {
    expect(parsed('  sh-102   [000]   9.321542: ev: x')).toMatchObject({ context: '', event: 'ev' })
  })

  it('a CPU of more than three digits', () => {
    expect(parsed('  sh-102   [1023] .....   9.321542: ev: x')?.cpu).toBe(1023)
  })
})

describe('the body', () => {
  it('may be empty, hold colons, and keeps its blanks', () => {
    expect(parsed('  sh-1 [000] ..... 1.000001: console: ')?.body).toBe('')
    expect(parsed('  sh-1 [000] ..... 1.000001: console:')?.body).toBe('')
    expect(parsed('  sh-1 [000] ..... 1.000001: console:  nd_pmem')?.body).toBe(' nd_pmem')
    expect(parsed('  sh-1 [000] ..... 1.000001: console: BUG: a: b <-c')?.body).toBe('BUG: a: b <-c')
  })

  it('that looks like an entry of its own does not hide the entry it stands in', () => {
    const inner = 'x-7 [001] ..... 2.000000: fake: y'
    expect(parsed(`  sh-1 [000] ..... 1.000001: tracing_mark_write: ${inner}`)).toMatchObject({
      comm: 'sh',
      pid: 1,
      event: 'tracing_mark_write',
      body: inner,
    })
  })
})

describe('what is no entry', () => {
  it.each([
    '',
    'sh-102 [000] ..... 9.321542',
    'sh [000] ..... 9.321542: ev: x',
    'sh-102 000 ..... 9.321542: ev: x',
    'sh-102 [000] ..... 9999999999.000000: ev: x',
    'sh-102 [000] ..... 9999999999999999999: ev: x',
    'sh-102 [000] ..... 9.3215: ev: x',
    'sh-12345678901 [000] ..... 9.321542: ev: x',
    'sh-102 [00] ..... 9.321542: ev: x',
    'CPU:0 [LOST 12 EVENTS]',
    '# tracer: nop',
  ])('%j', (text) => {
    expect(parsed(text)).toBeNull()
  })
})
