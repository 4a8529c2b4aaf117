import { hex } from '@devtrail/events'
import { preorder, printTree, treeToJson, type ResourceTreeState } from '@devtrail/resource-tree'
import { momentToJson } from '@devtrail/time-travel'
import { openLog } from '../logs/open.ts'
import { plural } from '@devtrail/survey'
import { AT, examples, LOG, type Cli } from './command.ts'
import { exit, Failure } from './failure.ts'
import { positionOf } from './positions.ts'
import type { Session } from './session.ts'

interface Options {
  readonly at?: string
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

export function iomemCommand({ program, run }: Cli): void {
  program
    .command('iomem')
    .summary('the iomem tree at a position, as /proc/iomem prints it')
    .description("Prints the tree of memory ranges at a position in /proc/iomem's own format, byte for byte.")
    .argument('<LOG>', LOG)
    .option('--at <P>', AT)
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
        const wasListed = baseline.machine.state<ResourceTreeState>('resource-tree').trees.get(ROOT)?.complete === true
        // A simulated machine makes its tree in the log.
        const wasCreated = (machine.state<ResourceTreeState>('resource-tree').trees.get(ROOT)?.start ?? null) !== null
        if (!wasListed && !wasCreated) {
          throw new Failure(
            exit.notThere,
            `${given} has no baseline of the iomem tree, so the tree is not known; record /proc/iomem as root before tracing and keep it as iomem.before beside the trace`,
          )
        }
        const state = machine.state<ResourceTreeState>('resource-tree')
        noteUnsure(state, session)
        if (session.json) {
          await session.printJson({
            schemaVersion: 1,
            at: momentToJson(at, session.digits),
            complete: state.trees.get(ROOT)?.complete ?? false,
            iomem: treeToJson(state, ROOT),
          })
        } else {
          await session.print(printTree(state, ROOT))
        }
        return exit.fine
      }),
    )
}
