import { isDisk, type Names } from './names.ts'
import { ScenarioError, type Unchecked } from './place.ts'
import type { FileSpec, NamespaceSpec, RegionOf } from './scenario.ts'
import { bytesOf } from './units.ts'

/** Pages of one file. */
export const FILE_PAGES_MAX = 1 << 16

/** Bytes of a namespace with a BTT, whose map takes time and memory. */
export const BTT_BYTES_MAX = 1n << 38n

const UNIT = 1n << 21n
/** Runs of bad blocks of a namespace. */
const BAD_BLOCKS_MAX = 1024
/** Bytes of a sector that a BTT can have. */
const SECTOR_SIZES = [512, 520, 528, 4096, 4104, 4160, 4224]

function aligned(size: Unchecked): number | string {
  const { value } = size
  const bytes = typeof value === 'number' || typeof value === 'string' ? bytesOf(value) : null
  if (bytes === null || bytes % UNIT !== 0n) return size.fail('a size that is a multiple of 2 MiB, such as "1 GiB"')
  return value as number | string
}

function rangeOf(start: Unchecked, size: Unchecked): { start: string; size: number | string } {
  const range = { start: start.text('an address such as "0x100000000"', /^0x[0-9a-f]{1,13}$/), size: aligned(size) }
  if (BigInt(range.start) % UNIT !== 0n) start.fail('a multiple of 2 MiB')
  if (BigInt(range.start) + bytesOf(range.size)! > 1n << 46n) start.fail('a range below 64 TiB')
  return range
}

export function checkRegion(of: Unchecked): RegionOf {
  const { name, start, size, labels, pagemap, readOnly } = of.fields('name', 'start', 'size', 'labels', 'pagemap', 'readOnly')
  return {
    name: name.text('a name such as region0', /^region\d{1,3}$/),
    ...rangeOf(start, size),
    ...(labels.isThere && { labels: labels.flag() }),
    ...(pagemap.isThere && { pagemap: pagemap.flag() }),
    ...(readOnly.isThere && { readOnly: readOnly.flag() }),
  }
}

/** Those of another mode are refused. */
function onlyOf(field: Unchecked, mode: string, ...modes: readonly string[]): void {
  if (field.isThere && !modes.includes(mode))
    throw new ScenarioError(field.place, `only of a namespace whose mode is ${modes.join(' or ')}; here it is ${mode}`)
}

export function checkNamespace(of: Unchecked): NamespaceSpec {
  const { name, start, size, mode, map, sectorSize, found, bound, image, badBlocks } = of.fields(
    ...(['name', 'start', 'size', 'mode', 'map', 'sectorSize', 'found', 'bound', 'image', 'badBlocks'] as const),
  )
  const kind = mode.isThere ? mode.oneOf('fsdax', 'raw', 'devdax', 'sector') : 'fsdax'
  onlyOf(map, kind, 'fsdax', 'devdax')
  onlyOf(sectorSize, kind, 'sector')
  onlyOf(found, kind, 'fsdax', 'devdax', 'sector')
  const range = rangeOf(start, size)
  const sectors = Number(bytesOf(range.size)! / 512n)
  if (kind === 'sector' && bytesOf(range.size)! > BTT_BYTES_MAX) size.fail('at most 256 GiB for a BTT')
  return {
    name: name.text('a name such as namespace0.0', /^namespace\d{1,3}\.\d{1,3}$/),
    ...range,
    ...(mode.isThere && { mode: kind }),
    ...(map.isThere && { map: map.oneOf('dev', 'mem') }),
    ...(sectorSize.isThere && {
      sectorSize: SECTOR_SIZES.find((n) => n === sectorSize.value) ?? sectorSize.fail(SECTOR_SIZES.join(' or ')),
    }),
    ...(found.isThere && { found: found.flag() }),
    ...(bound.isThere && { bound: bound.flag() }),
    ...(image.isThere && { image: image.text('the path of a file', /^[^\0]{1,4096}$/) }),
    ...(badBlocks.isThere && { badBlocks: badBlocks.list(BAD_BLOCKS_MAX).map((run) => checkRun(run, sectors)) }),
  }
}

function checkRun(of: Unchecked, all: number): { sector: number; sectors: number } {
  const { sector, sectors } = of.fields('sector', 'sectors')
  const first = sector.count(0, all - 1)
  return { sector: first, sectors: sectors.count(1, all - first) }
}

/** No two of them overlap or have one name. @throws ScenarioError */
export function apart(specs: readonly (RegionOf | NamespaceSpec)[], places: readonly Unchecked[]): void {
  for (const [n, a] of specs.entries())
    for (const b of specs.slice(0, n)) {
      const [x, y] = [BigInt(a.start), BigInt(b.start)]
      if (a.name === b.name) throw new ScenarioError(`${places[n]!.place}.name`, `there are two ${a.name}`)
      if (x < y + bytesOf(b.size)! && y < x + bytesOf(a.size)!) throw new ScenarioError(places[n]!.place, `${a.name} overlaps ${b.name}`)
    }
}

export function checkFile(of: Unchecked, names: Names): FileSpec {
  const { name, disk, block, pages } = of.fields('name', 'disk', 'block', 'pages')
  const spec = {
    name: name.text('a name', /^[\w.-]{1,40}$/),
    disk: disk.text('a disk', /^/),
    block: block.isThere ? block.count(0, 2 ** 40) : 0,
    pages: pages.count(1, FILE_PAGES_MAX),
  }
  if (spec.disk.endsWith('s')) disk.fail('a disk whose pages can be mapped (that of a BTT has none)')
  if (!isDisk(spec.disk, names)) disk.fail(`a disk of the scenario (${[...names.disks].join(', ') || 'there is none'})`)
  return spec
}
