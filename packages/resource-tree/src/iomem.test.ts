import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { describe, expect, test } from 'vitest'
import { IomemSyntaxError, parseIomem, printLine, printTree } from './iomem.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import { evolveResourceTree, initialResourceTree } from './state.ts'

/** /proc/iomem of a QEMU guest with an NVDIMM, Debian 6.1.0-56, as root. */
const IOMEM = `\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
0009fc00-0009ffff : Reserved
000a0000-000bffff : PCI Bus 0000:00
000c0000-000c9bff : Video ROM
000ca000-000ca5ff : Adapter ROM
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-7ffdbfff : System RAM
  6da00000-6e801d31 : Kernel code
  6ea00000-6f2eafff : Kernel rodata
  6f400000-6f64897f : Kernel data
  6fd10000-70dfffff : Kernel bss
7ffdc000-7fffffff : Reserved
80000000-febfffff : PCI Bus 0000:00
  fd000000-fdffffff : 0000:00:02.0
  fe000000-fe003fff : 0000:00:03.0
    fe000000-fe003fff : virtio-pci-modern
  fe004000-fe007fff : 0000:00:04.0
    fe004000-fe007fff : virtio-pci-modern
  febf0000-febf0fff : 0000:00:02.0
  febf1000-febf1fff : 0000:00:03.0
  febf2000-febf2fff : 0000:00:04.0
fec00000-fec003ff : IOAPIC 0
fed00000-fed003ff : HPET 0
  fed00000-fed003ff : PNP0103:00
fee00000-fee00fff : Local APIC
fffc0000-ffffffff : Reserved
100000000-13fffffff : Persistent Memory
  100000000-13fffffff : namespace0.0
580000000-5ffffffff : PCI Bus 0000:00
fd00000000-ffffffffff : Reserved
`

/** Builds the listing with a live tree and folds what it says. */
function rebuild(text: string): string {
  const state = initialResourceTree()
  const emitter = new Emitter(new ManualClock(), (event: AnyEvent) => evolveResourceTree(state, event))
  const tree = new ResourceTree(emitter, new Ids(), { name: 'iomem', start: 0n, end: 2n ** 64n - 1n })
  const above: Resource[] = []
  for (const { level, start, end, name } of parseIomem(text)) {
    const resource = new Resource(start, end, name)
    expect(tree.requestResource(resource, above[level - 1])).toBe(0)
    above[level] = resource
  }
  return printTree(state, 'iomem')
}

describe('a real listing', () => {
  test('is read line by line, with the levels of its indentation', () => {
    const lines = parseIomem(IOMEM)
    expect(lines.length).toBe(IOMEM.trimEnd().split('\n').length)
    expect(lines[0]).toEqual({ level: 0, start: 0n, end: 0xfffn, name: 'Reserved' })
    expect(lines.find((l) => l.name === 'virtio-pci-modern')).toEqual({
      level: 2,
      start: 0xfe000000n,
      end: 0xfe003fffn,
      name: 'virtio-pci-modern',
    })
    expect(lines.find((l) => l.name === 'namespace0.0')).toEqual({ level: 1, start: 0x100000000n, end: 0x13fffffffn, name: 'namespace0.0' })
  })

  test('is printed byte for byte, from its lines and from a live tree', () => {
    expect(
      parseIomem(IOMEM)
        .map((l) => `${printLine(l)}\n`)
        .join(''),
    ).toBe(IOMEM)
    expect(rebuild(IOMEM)).toBe(IOMEM)
  })

  test('may have CRLF ends and empty lines', () => {
    expect(parseIomem(`${IOMEM.replaceAll('\n', '\r\n')}\r\n`)).toEqual(parseIomem(IOMEM))
  })
})

const failure = (text: string): Error => {
  try {
    parseIomem(text)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was read')
}

describe('what cannot be read', () => {
  test.each([
    ['garbage', '00000000-00000fff : Reserved\nwhat is this\n', 2],
    ['an odd indentation', '00000000-00000fff : Reserved\n 00000000-000000ff : x\n', 2],
    ['a child of nothing', '  00000000-00000fff : Reserved\n', 1],
    ['a level that is skipped', '00000000-00000fff : a\n    00000000-00000fff : b\n', 2],
    ['more than 64 bits', '00000000-10000000000000000 : a\n', 1],
    ['a range that ends before it starts', '00000000-00000fff : a\n00000005-00000001 : x\n', 2],
    ['no name at all', '00000000-00000fff\n', 1],
  ])('%s names its line', (_, text, line) => {
    const error = failure(text)
    expect(error).toBeInstanceOf(IomemSyntaxError)
    expect(error).toMatchObject({ line, found: text.split('\n')[line - 1] })
    expect(error.message).toMatch(new RegExp(`^line ${line}: expected "START-END : NAME"`))
  })

  test('a listing whose addresses are all zero says that it was not read as root', () => {
    expect(failure(IOMEM.replaceAll(/[0-9a-f]{8,}-[0-9a-f]{8,}/g, '00000000-00000000')).message).toBe(
      'every address is zero: /proc/iomem was read without CAP_SYS_ADMIN; record it as root',
    )
    expect(failure('00000000-00000000 : System RAM\n').message).toMatch(/^every address is zero/)
  })
})

test('a range of size 0 ends before it starts', () => {
  const [line] = parseIomem('00000005-00000004 : adjusted\n')
  expect(line).toEqual({ level: 0, start: 5n, end: 4n, name: 'adjusted' })
})

test('a line break in a name does not make two lines', () => {
  const name = 'a\n00000000-ffffffff : System RAM\r'
  const printed = printLine({ level: 0, start: 0n, end: 0xfffn, name })
  expect(printed).toBe('00000000-00000fff : a\\01200000000-ffffffff : System RAM\\015')
  expect(parseIomem(printed)).toHaveLength(1)
})

test('a name may contain the separator, and one that is missing is <BAD> both ways', () => {
  expect(parseIomem('00000000-00000fff : a : b\n')[0]!.name).toBe('a : b')
  const text = '00000000-00000fff : <BAD>\n'
  expect(parseIomem(text)[0]!.name).toBe(null)
  expect(rebuild(text)).toBe(text)
})

test('below level 5 nothing is indented further; ports have four digits', () => {
  expect(printLine({ level: 7, start: 0x10n, end: 0x1fn, name: 'x' }, 4)).toBe(`${' '.repeat(10)}0010-001f : x`)
})
