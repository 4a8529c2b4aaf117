import type { TextFields } from './text/fields.ts'
import { describe, expect, it } from 'vitest'
import { bareSymbol, parseHit, parseProbeDefinitions, type ProbeDefinition } from './probes.ts'
import { isKnownFunction } from './known-probes.ts'

const only = (line: string): ProbeDefinition => {
  const [definition, ...more] = parseProbeDefinitions(line).values()
  expect(more).toEqual([])
  return definition!
}
const fieldsOf = (line: string): object => Object.fromEntries(only(line).fields)
const hit = (event: string, body: string, definitions = ''): object | null => {
  const h = parseHit(event, body, parseProbeDefinitions(definitions))
  return h && { ...h, fields: Object.fromEntries(h.fields as TextFields) }
}

describe('a definition', () => {
  it('tells the function, the edge, and what each field is', () => {
    expect(only('p:dt/request_region __request_region parent=$arg1:x64 start=$arg2:x64 name=+0($arg4):string')).toMatchObject({
      event: 'request_region',
      symbol: '__request_region',
      returns: false,
      foreign: [],
    })
    expect(only('r10:dt/request_region_ret __request_region ret=$retval:x64')).toMatchObject({ symbol: '__request_region', returns: true })
  })

  it('knows fields by what they fetch, whatever the user calls them', () => {
    expect(fieldsOf('p:mine/rr __request_region p=$arg1:x64 from=$arg2:u64 len=$arg3 what=+0($arg4):string')).toEqual({
      p: 'parent',
      from: 'start',
      len: 'n',
      what: 'name',
    })
    expect(fieldsOf('r:mine/rr __request_region given=$retval:x64')).toEqual({ given: 'ret' })
  })

  it('reads registers as arguments', () => {
    expect(fieldsOf('p:g/x __request_region a=%di b=%si:x64 c=%dx d=+0(%cx):string e=%r8:x32')).toEqual({
      a: 'parent',
      b: 'start',
      c: 'n',
      d: 'name',
      e: 'flags',
    })
    expect(fieldsOf('r:g/x __request_region a=%ax:x64')).toEqual({ a: 'ret' })
  })

  it('reads offsets in hex or decimal, nested or not, unsigned or user space', () => {
    expect(fieldsOf('p:g/x memremap_pages s=+0x88($arg1):x64 e=+144(%di):x64 t=+0X60($arg1):u32')).toEqual({
      s: 'start',
      e: 'end',
      t: 'type',
    })
    expect(fieldsOf('p:g/x nd_pmem_probe d=+0x0(+0x0(%di)):string')).toEqual({ d: 'dev' })
    expect(fieldsOf('p:g/x nd_pmem_probe d=+u0(+0($arg1)):ustring')).toEqual({ d: 'dev' })
    expect(fieldsOf('p:g/x __bio_release_pages n=+0x68($arg1):u16 p=+0xA0($arg1) q=+0(+0x70($arg1)):x64')).toEqual({
      n: 'vcnt',
      q: 'page0',
    })
  })

  it('reads hex offsets in upper case too', () => {
    expect(fieldsOf('p:g/x memunmap_pages n=+0x80($arg1):s32 f=+0x6C($arg1) g=+0x68($arg1)')).toEqual({ n: 'nr_range' })
    expect(fieldsOf('p:g/x device_add_disk d=+0xC($arg2):string')).toEqual({ d: 'disk' })
  })

  it('leaves a module, an offset of 0 and the suffixes of the compiler out of the function', () => {
    for (const symbol of [
      'nd_pmem:nd_pmem_probe',
      'nd_pmem_probe+0',
      'nd_pmem_probe.isra.0',
      'nd_pmem:nd_pmem_probe.constprop.0+0x0',
      'nd_pmem_probe.part.0.cold',
    ]) {
      expect(only(`p:g/x ${symbol} dev=+0(+0($arg1)):string`).symbol).toBe('nd_pmem_probe')
      expect(bareSymbol(symbol)).toBe('nd_pmem_probe')
    }
  })

  it('names fields whose fetch is not known', () => {
    expect(only('p:g/x __request_region start=+8($arg2):x64 n=$arg3 odd=@jiffies comm=$comm')).toMatchObject({
      foreign: ['start', 'odd', 'comm'],
    })
    expect(only('p:g/x vfs_read count=$arg3')).toMatchObject({ symbol: 'vfs_read', foreign: ['count'] })
    expect(isKnownFunction('__request_region')).toBe(true)
    expect(isKnownFunction('vfs_read')).toBe(false)
    for (const name of ['constructor', '__proto__', 'toString']) expect(isKnownFunction(name)).toBe(false)
  })

  it('may stand among lines that are none, with CRLF and without a group', () => {
    const text = '# comment\r\n\r\np:a __request_region start=$arg2\r\nx:b/c foo\r\nr:dt/d __request_region\r\n'
    expect([...parseProbeDefinitions(text).keys()]).toEqual(['a', 'd'])
  })
})

describe('an entry of a probe', () => {
  it('without a definition is known by its function and the names of its fields', () => {
    expect(hit('kpr5', '(__request_region+0x0/0xc0) start=0x100000000 n=0x2000 name="namespace0.0" flags=0x0')).toEqual({
      symbol: '__request_region',
      edge: 'enter',
      caller: null,
      fields: { start: '0x100000000', n: '0x2000', name: 'namespace0.0', flags: '0x0' },
      where: '__request_region+0x0/0xc0',
    })
  })

  it('of a return probe tells the function returned from and the one returned to', () => {
    expect(hit('kpr4', '(devm_memremap_pages+0x1d/0x60 <- memremap_pages) ret=0xff3fdf9170e6c0b0')).toMatchObject({
      symbol: 'memremap_pages',
      edge: 'return',
      caller: 'devm_memremap_pages',
      fields: { ret: '0xff3fdf9170e6c0b0' },
    })
  })

  it('gives what is returned as ret, whatever it is called', () => {
    expect(hit('x', '(caller+0x1/0x2 <- get_dev_pagemap) pgmap=0xff')).toMatchObject({ fields: { ret: '0xff' } })
  })

  it('tells the returned value from what else a return probe fetches', () => {
    const definition = 'r:g/x really_probe who=$comm code=$retval:s32 cpu=$cpu'
    expect(hit('x', '(a+0x1/0x2 <- really_probe) who="sh" code=517 cpu=1', definition)).toMatchObject({
      fields: { who: 'sh', ret: '517', cpu: '1' },
    })
    expect(hit('x', '(a+0x1/0x2 <- really_probe) who="sh"', 'r:g/x really_probe who=$comm')).toMatchObject({ fields: { who: 'sh' } })
    expect(hit('x', '(a+0x1/0x2 <- really_probe) ret=517 who="sh"')).toMatchObject({ fields: { ret: '517', who: 'sh' } })
    expect(hit('x', '(a+0x1/0x2 <- really_probe) who="sh" ret=517')).toMatchObject({ fields: { ret: '517', who: 'sh' } })
  })

  it('takes the names of its fields from the definition', () => {
    const definition = 'p:g/mine __request_region from=$arg2:x64 len=$arg3:x64 odd=$comm'
    expect(hit('mine', '(__request_region+0x0/0xc0) from=0x1 len=0x2 odd="sh"', definition)).toMatchObject({
      fields: { start: '0x1', n: '0x2', odd: 'sh' },
    })
  })

  it('of a function that the compiler renamed is that function', () => {
    expect(hit('x', '(nd_pmem_probe.isra.0+0x0/0x80 [nd_pmem]) dev="pfn0.0"')).toMatchObject({
      symbol: 'nd_pmem_probe',
      where: 'nd_pmem_probe.isra.0+0x0/0x80 [nd_pmem]',
      fields: { dev: 'pfn0.0' },
    })
  })

  it('reads strings with blanks, faults and no fields at all', () => {
    expect(hit('x', '(f+0x0/0x1) name="System RAM (kmem)" dev=(fault) n=-9223372036854775807')).toMatchObject({
      fields: { name: 'System RAM (kmem)', dev: '(fault)', n: '-9223372036854775807' },
    })
    expect(hit('x', '(release_nodes+0x40/0xb0 <- memunmap_pages)')).toMatchObject({ symbol: 'memunmap_pages', edge: 'return', fields: {} })
  })

  it('keeps fields named like members of every object', () => {
    const h = parseHit('x', '(f+0x0/0x1) constructor=1 __proto__=2', new Map())
    expect([...(h!.fields as TextFields)]).toEqual([
      ['constructor', '1'],
      ['__proto__', '2'],
    ])
  })

  it.each(['259,0 R 0 + 8 [0]', '', '(unclosed a=1', 'x (f+0x0/0x1) a=1', '(f+0x0/0x1)a=1'])('%j is none', (body) => {
    expect(hit('x', body)).toBeNull()
  })
})
