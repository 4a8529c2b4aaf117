import { hex, type Json } from '@devtrail/events'
import { preorder, printTree, treeToJson, type ResourceTreeState } from '@devtrail/resource-tree'
import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { plural } from '@devtrail/survey'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'
import { positionOf } from '../named/positions.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly at?: string
  readonly host?: string
}

/** The tree of a host; null: of the one that the log is of. */
interface HostTree {
  readonly host: string | null
  readonly state: ResourceTreeState
}

const ROOT = 'iomem'
const UNSURE_LISTED_MAX = 20

function noteUnsure(state: ResourceTreeState, session: Session): void {
  const nodes = [...preorder(state, ROOT)].map(({ node }) => node)
  const unsure = nodes.filter((node) => !node.sure)
  if (state.trees.get(ROOT)?.complete !== true)
    session.note('entries of the recording are missing before this position: there may be ranges that it does not show')
  if (unsure.length === 0) return
  const those = unsure.length === nodes.length ? `every range shown (${unsure.length})` : plural(unsure.length, 'range')
  const listed =
    unsure.length === nodes.length
      ? []
      : unsure.slice(0, UNSURE_LISTED_MAX).map((n) => `${hex(n.start)}-${hex(n.end)} : ${n.name ?? '<BAD>'}`)
  const rest = unsure.length === nodes.length ? 0 : unsure.length - listed.length
  session.note([`${those} may have been released in between`, ...listed, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'))
}

const treeJson = ({ state }: HostTree): { complete: boolean; iomem: Json } => ({
  complete: state.trees.get(ROOT)?.complete ?? false,
  iomem: treeToJson(state, ROOT),
})

/** As of one host, where there is one, or one is asked for. */
const treesJson = (trees: readonly HostTree[], wanted: string | undefined): object =>
  trees[0]!.host === null || wanted !== undefined
    ? treeJson(trees[0]!)
    : { hosts: Object.fromEntries(trees.map((tree) => [tree.host!, treeJson(tree)])) }

function noTree(given: string, wanted: string | undefined, trees: readonly HostTree[]): Failure {
  if (wanted !== undefined && trees.length > 0)
    return new Failure(
      exit.notThere,
      `no tree of a host "${wanted}" is known (there are those of ${trees.map(({ host }) => host ?? 'the one host').join(', ')})`,
    )
  return new Failure(
    exit.notThere,
    `${given} has no baseline of the iomem tree, so the tree is not known; record /proc/iomem as root before tracing and keep it as iomem.before beside the trace`,
  )
}

export function iomemCommand({ program, run }: Cli): void {
  program
    .command('iomem')
    .summary('the iomem tree at a position, as /proc/iomem prints it')
    .description("Prints the tree of memory ranges at a position in /proc/iomem's own format, byte for byte.")
    .argument('<LOG>', LOG)
    .option('--at <P>', AT)
    .option('--host <HOST>', 'in a log of several hosts, the tree of this one; of all, each below its name, when left out')
    .addHelpText(
      'after',
      examples(
        ['devtrail iomem recordings/linux-6.1/fsdax-splice --at end', ''],
        ['diff <(devtrail iomem REC --at start) <(devtrail iomem REC --at 9.5s)', 'what changed'],
        ['devtrail iomem REC | diff - iomem.after', 'held against the machine'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const position = positionOf(options.at)
        const log = await openLog(given, session)
        const { at, machine } = await log.history.at(position)
        const baseline = await log.history.at({ kind: 'start' })
        const trees = machine.states<ResourceTreeState>('resource-tree').flatMap(([host, state]): HostTree[] => {
          const wasListed = baseline.machine.state<ResourceTreeState>('resource-tree', host).trees.get(ROOT)?.complete === true
          // A simulated machine makes its tree in the log.
          const wasCreated = (state.trees.get(ROOT)?.start ?? null) !== null
          return wasListed || wasCreated ? [{ host: machine.hostName(host), state }] : []
        })
        const shown = options.host === undefined ? trees : trees.filter(({ host }) => host === options.host)
        if (shown.length === 0) throw noTree(given, options.host, trees)
        if (session.json)
          await session.printJson({ schemaVersion: 1, at: momentToJson(at, session.digits), ...treesJson(shown, options.host) })
        for (const { host, state } of shown) {
          noteUnsure(state, session)
          if (session.json) continue
          if (shown.length > 1) await session.print(`${host}:\n`)
          await session.print(printTree(state, ROOT))
        }
        return exit.fine
      }),
    )
}
