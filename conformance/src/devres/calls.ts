import { DeviceResources, ManagedMemory, ZERO_SIZE_PTR, type MemoryPointer } from '@devtrail/devres'
import { UnknownOperation, type Operation } from '../sequence.ts'
import type { DevresFixture } from './fixture.ts'
import { matchOf, type Item, type OnRelease } from './named.ts'

/** What the operations have in `args`; which of them, depends on the operation. */
interface Args {
  readonly release: string
  readonly match: number | null
  readonly uid: number
  readonly id: number
  readonly on_release?: OnRelease
  readonly group: string | null
  readonly action: string
  readonly data: number
  readonly size: number
  readonly ptr: number | 'NULL' | 'ZERO' | 'FOREIGN'
}

type Call = (fixture: DevresFixture, args: Args) => unknown

/** Memory that no device manages. */
const FOREIGN = new ManagedMemory('0x1', 1)
const FOREIGN_LARGER = 5000

const itemOf = ({ uid, id, on_release }: Args): Item => ({ uid, id, onRelease: on_release ?? null })

const calls: Readonly<Record<string, Call>> = {
  devres_add: ({ named }, args) => named.add(args.release, itemOf(args)),
  devres_find: ({ resources, named }, { release, match }) => resources.find(named.releases[release]!, matchOf(match))?.uid ?? null,
  devres_get: ({ resources, named }, args) => {
    const entry = resources.alloc(named.releases[args.release]!, itemOf(args))!
    named.label(entry.node, `${args.release}${args.uid}`)
    return resources.get(entry, matchOf(args.match)).uid
  },
  devres_remove: ({ resources, named }, { release, match }) => {
    const entry = resources.remove(named.releases[release]!, matchOf(match))
    if (entry === undefined) return null
    named.taken.set(entry.data.uid, entry)
    return entry.data.uid
  },
  readd: ({ resources, named }, { uid }) => resources.addEntry(named.taken.get(uid)!),
  devres_free: ({ resources, named }, { uid }) => resources.free(named.taken.get(uid)!),
  devres_destroy: ({ resources, named }, { release, match }) => resources.destroy(named.releases[release]!, matchOf(match)),
  devres_release: ({ resources, named }, { release, match }) => resources.release(named.releases[release]!, matchOf(match)),
  devres_for_each_res: ({ resources, named, log }, { release, match }) =>
    resources.forEachRes(named.releases[release]!, matchOf(match), ({ uid }) => log.push(`v${uid}`)),
  devres_open_group: ({ resources, named }, { group }) => {
    const name = group!
    const isAuto = name.startsWith('n')
    const id = resources.openGroup(isAuto ? undefined : named.group(name))
    if (isAuto) named.nameGroup(name, id)
    named.labelLast(`<${name}`)
    return isAuto ? 'auto' : id === name ? 'id' : id
  },
  devres_close_group: ({ resources, named }, { group }) => {
    const before = resources.list()
    resources.closeGroup(named.group(group))
    const last = resources.list().at(-1)
    if (last === undefined || last.node === before.at(-1)?.node) return
    // The closing marker has the name of the group's opening one.
    const opening = before.find(({ node }) => BigInt(node) + MARKER_BYTES === BigInt(last.node))!
    named.label(last.node, named.labelOf(opening.node).replace('<', '>'))
  },
  devres_remove_group: ({ resources, named }, { group }) => resources.removeGroup(named.group(group)),
  devres_release_group: ({ resources, named }, { group }) => resources.releaseGroup(named.group(group)),
  devres_release_all: ({ resources }) => resources.releaseAll('explicit'),
  unregister: (fixture) => fixture.unregister(),
  release_all_uninit: ({ core }) => new DeviceResources(core, 0, { initialised: false }).releaseAll('explicit'),
  devm_kmalloc: ({ resources, named }, { uid, size }) => {
    const memory = resources.kmalloc(size)
    if (memory instanceof ManagedMemory) named.memory.set(uid, memory)
    return answerOf(memory, 'ok')
  },
  devm_krealloc: ({ resources, named }, { uid, size }) => {
    const old = named.memory.get(uid) ?? null
    const memory = resources.krealloc(old, size)
    if (memory instanceof ManagedMemory) named.memory.set(uid, memory)
    else named.memory.delete(uid)
    return answerOf(memory, old === null ? 'new' : memory === old ? 'same' : 'moved')
  },
  devm_kfree: ({ resources, named }, { ptr }) => {
    if (ptr === 'NULL') return resources.kfree(null)
    if (ptr === 'ZERO') return resources.kfree(ZERO_SIZE_PTR)
    resources.kfree(ptr === 'FOREIGN' ? FOREIGN : named.memory.get(ptr)!)
    if (ptr !== 'FOREIGN') named.memory.delete(ptr)
  },
  krealloc_foreign: ({ resources }) => answerOf(resources.krealloc(FOREIGN, FOREIGN_LARGER), 'moved'),
  devm_add_action: ({ resources, named }, { action, data }) => {
    const error = resources.addAction(named.actions[action]!, data)
    named.labelLast(`${action}${data}`)
    return error
  },
  devm_add_action_or_reset: ({ resources, named }, { action, data }) => {
    const error = resources.addActionOrReset(named.actions[action]!, data)
    named.labelLast(`${action}${data}`)
    return error
  },
  devm_remove_action: ({ resources, named }, { action, data }) => resources.removeAction(named.actions[action]!, data),
  devm_release_action: ({ resources, named }, { action, data }) => resources.releaseAction(named.actions[action]!, data),
}

/** How far a group's closing marker lies behind its opening one. */
const MARKER_BYTES = 40n

const answerOf = (memory: MemoryPointer, there: string): string => (memory === null ? 'null' : memory === ZERO_SIZE_PTR ? 'zero' : there)

export function call(fixture: DevresFixture, { op, args }: Operation): unknown {
  const found = Object.hasOwn(calls, op) ? calls[op] : undefined
  if (found === undefined) throw new UnknownOperation(op)
  return found(fixture, args as unknown as Args) ?? null
}
