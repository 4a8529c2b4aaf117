/** Physical addresses of the machine, or of each host: as a map, and as the tree that /proc/iomem prints. */
import { bytes } from '@devtrail/survey'
import type { JSX } from 'preact'
import type { MemoryTree, StateAt, TreeNode } from '../protocol.ts'
import { More } from './Known.tsx'

const sizeOf = ({ start, end }: TreeNode): bigint => BigInt(end) - BigInt(start) + 1n
/** Widths go by the logarithm of sizes, or nothing but the largest would be seen. */
const weightOf = (node: TreeNode): number => Math.log2(Number(sizeOf(node)) + 1)

const isPmem = ({ name }: TreeNode): boolean => /persistent|namespace|dax|pmem/i.test(name)

function Cells({ nodes, depth }: { readonly nodes: readonly TreeNode[]; readonly depth: number }): JSX.Element {
  return (
    <div class="cells">
      {nodes.map((node) => (
        <div key={`${node.start} ${node.end}`} class={`cell ${isPmem(node) ? 'pmem' : ''}`} style={{ flexGrow: weightOf(node) }}>
          <span title={`${node.start}–${node.end} ${node.name} (${bytes(sizeOf(node))})`}>{node.name}</span>
          {depth < 4 && node.children.length > 0 && <Cells nodes={node.children} depth={depth + 1} />}
        </div>
      ))}
    </div>
  )
}

function Tree({ nodes }: { readonly nodes: readonly TreeNode[] }): JSX.Element {
  return (
    <ul>
      {nodes.map((node) => (
        <li key={`${node.start} ${node.end} ${node.name}`}>
          <code>
            {node.start}–{node.end}
          </code>{' '}
          <span class={isPmem(node) ? 'pmem' : ''}>{node.name}</span> <small>{bytes(sizeOf(node))}</small>
          {node.children.length > 0 && <Tree nodes={node.children} />}
        </li>
      ))}
    </ul>
  )
}

function OneTree({ of: { iomem, complete } }: { readonly of: MemoryTree }): JSX.Element {
  if (iomem === null) return <p class="unknown">? not known: the recording has no listing of /proc/iomem</p>
  return (
    <>
      <figure class="map" aria-hidden="true">
        <Cells nodes={iomem} depth={0} />
        <figcaption>addresses from low to high; widths by the logarithm of the size</figcaption>
      </figure>
      <More complete={complete} />
      <div class="tree">
        <Tree nodes={iomem} />
      </div>
    </>
  )
}

export function Memory({ state }: { readonly state: StateAt }): JSX.Element {
  return (
    <>
      {state.memory.map((tree) => (
        <section key={tree.host ?? ''}>
          {tree.host !== null && <h3>{tree.host}</h3>}
          <OneTree of={tree} />
        </section>
      ))}
    </>
  )
}
