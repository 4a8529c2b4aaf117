import { ioresource, hasFlags, typeOf } from './flags.ts'
import { resourceSize, type FlaggedRange } from './ranges.ts'

/** How the kernel names a type and prints its addresses. */
const types = new Map<bigint, { readonly name: string; readonly radix: 10 | 16; readonly prefix: string; readonly digits: number }>([
  [ioresource.IO, { name: 'io ', radix: 16, prefix: '0x', digits: 4 }],
  [ioresource.MEM, { name: 'mem', radix: 16, prefix: '0x', digits: 8 }],
  [ioresource.IRQ, { name: 'irq', radix: 10, prefix: '', digits: 1 }],
  [ioresource.DMA, { name: 'dma', radix: 10, prefix: '', digits: 1 }],
  [ioresource.BUS, { name: 'bus', radix: 16, prefix: '', digits: 2 }],
])
const otherType = { name: '???', radix: 16, prefix: '0x', digits: 8 } as const

/** As the kernel's `%pR` prints a resource: `[mem 0x00001000-0x00001fff]`, `[io  0x0060-0x006f]`. */
export function printResource(resource: FlaggedRange): string {
  const { name, radix, prefix, digits } = types.get(typeOf(resource.flags)) ?? otherType
  const text = (value: bigint): string => prefix + value.toString(radix).padStart(digits, '0')
  const range = resource.start === resource.end ? text(resource.start) : `${text(resource.start)}-${text(resource.end)}`
  const where = hasFlags(resource.flags, ioresource.UNSET) ? `size 0x${resourceSize(resource).toString(16)}` : range
  const suffixes: [flag: bigint, text: string][] = [
    [ioresource.MEM_64, ' 64bit'],
    [ioresource.PREFETCH, ' pref'],
    [ioresource.WINDOW, ' window'],
    [ioresource.DISABLED, ' disabled'],
  ]
  return `[${name} ${where}${suffixes.map(([flag, suffix]) => (hasFlags(resource.flags, flag) ? suffix : '')).join('')}]`
}
