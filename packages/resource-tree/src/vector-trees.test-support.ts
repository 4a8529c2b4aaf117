/** Trees for the numbered vectors of the resource-tree notes (core, 2.9). */
import { Emitter, Ids, ManualClock, type AnyEvent } from '@devtrail/events'
import { ioresource } from './flags.ts'
import { Resource } from './resource.ts'
import { ResourceTree } from './resource-tree.ts'
import type { RootSpec } from './tree-spec.ts'

export const MAX = 2n ** 64n - 1n

export interface Fixture {
  readonly tree: ResourceTree
  readonly events: AnyEvent[]
  readonly emitter: Emitter
}

/** An empty 64-bit iomem, unless it is told otherwise. */
export function iomem(spec: Partial<RootSpec> = {}): Fixture {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), (event) => events.push(event))
  return { tree: new ResourceTree(emitter, new Ids(), { name: 'iomem', start: 0n, end: MAX, ...spec }), events, emitter }
}

/** Requests a node of the root, or of another one. */
export function put(tree: ResourceTree, name: string, start: bigint, end: bigint, flags?: bigint, parent = tree.root): Resource {
  const resource = new Resource(start, end, name, flags)
  if (tree.requestResource(resource, parent) !== 0) throw new Error(`${name} was refused`)
  return resource
}

/** System RAM as the kernel of these rules has it. */
export function ram(tree: ResourceTree, start: bigint, end: bigint, parent = tree.root): Resource {
  const flags = tree.rules.ramByFlags ? ioresource.SYSTEM_RAM : ioresource.MEM
  return put(tree, 'System RAM', start, end, flags | ioresource.BUSY, parent)
}

/** `a 1000-1fff{b 1800-18ff}` */
export function shown(tree: ResourceTree): string {
  const one = ({ name, start, end, children }: Resource): string =>
    `${name} ${start.toString(16)}-${end.toString(16)}${children.length > 0 ? `{${children.map(one).join(', ')}}` : ''}`
  return tree.root.children.map(one).join(', ')
}

export const range = ({ start, end }: { readonly start: bigint; readonly end: bigint }): string =>
  `${start.toString(16)}-${end.toString(16)}`
