import type { ResourceTree, WalkVisit } from '@devtrail/resource-tree'
import { UnknownOperation, type Answer } from '../sequence.ts'
import type { Descriptors } from './descriptors.ts'

/** What the queries have in `args`. */
interface Args {
  readonly parent: string
  readonly start: string
  readonly end: string
  readonly size: string
  readonly flags: number
  readonly desc: number
  readonly start_pfn: number
  readonly nr_pages: number
  readonly stop: number
}

const queries = new Set([
  'lookup_resource',
  'region_intersects',
  'walk_iomem_res_desc',
  'walk_system_ram_res',
  'walk_mem_res',
  'walk_system_ram_range',
  'iomem_map_sanity_check',
  'resource_is_exclusive',
])

export const isQuery = (op: string): boolean => queries.has(op)

export function answerQuery(tree: ResourceTree, all: Descriptors, op: string, given: object): Answer {
  const args = given as Args
  const { size, flags, desc } = args
  const start = (): bigint => all.absolute(args.start)
  switch (op) {
    case 'lookup_resource':
      return { ret: all.nameOf(tree.lookupResource(start(), all.find(args.parent))) }
    case 'region_intersects':
      return { ret: tree.regionIntersects(start(), BigInt(size), { flags: BigInt(flags), desc }) }
    case 'iomem_map_sanity_check':
      return { ret: tree.iomemMapSanityCheck(start(), BigInt(size)) }
    case 'resource_is_exclusive':
      return { ret: Number(tree.resourceIsExclusive(start(), BigInt(size), all.find(args.parent))) }
    case 'walk_system_ram_range':
      return walkPages(tree, all, args)
    default:
      return walk(tree, all, op, args)
  }
}

/** What the recorder's callback returns when it has had enough. */
const ENOUGH = 7

function walk(tree: ResourceTree, all: Descriptors, op: string, { start, end, flags, desc, stop }: Args): Answer {
  const visits: unknown[] = []
  const visit: WalkVisit = (range) => {
    visits.push([all.relative(range.start), all.relative(range.end), Number(range.flags), range.desc])
    return visits.length === stop ? ENOUGH : 0
  }
  const [from, to] = [all.absolute(start), all.absolute(end)]
  switch (op) {
    case 'walk_iomem_res_desc':
      return { ret: tree.walkIomemResDesc(desc, BigInt(flags), from, to, visit), visits }
    case 'walk_system_ram_res':
      return { ret: tree.walkSystemRamRes(from, to, visit), visits }
    case 'walk_mem_res':
      return { ret: tree.walkMemRes(from, to, visit), visits }
    default:
      throw new UnknownOperation(op)
  }
}

function walkPages(tree: ResourceTree, all: Descriptors, { start_pfn, nr_pages, stop }: Args): Answer {
  const visits: unknown[] = []
  const base = all.absolute('0') >> 12n
  const ret = tree.walkSystemRamRange(BigInt(start_pfn) + base, BigInt(nr_pages), (pfn, pages) => {
    visits.push([Number(pfn - base), Number(pages)])
    return visits.length === stop ? ENOUGH : 0
  })
  return { ret, visits }
}
