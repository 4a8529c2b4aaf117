/** Asks a log one thing, in a process of its own, and prints in MiB what the process needed at its most, and with nothing done. */
import { openFileLog } from '@devtrail/event-log/file'
import { bisect, blame, check, History, parseExpression, parsePath } from '@devtrail/time-travel'
import { compare, models, refsOf, surveyOf, vocabulary } from '@devtrail/survey'
import { keepHeapSmall } from '../src/cli/heap.ts'

const MIB = 1024 * 1024
const [log, fold, question] = process.argv.slice(2) as [string, string, string]
const before = process.memoryUsage().rss
// As the command does.
keepHeapSmall()
await using reader = await openFileLog(log, vocabulary)
const history = new History(reader, models, { fold })
const never = 'device("pfn7.0").driver.state == "bound" && count(device("pfn7.0").pagemaps[0x8000000000].pageRefs) > 100000'
const at = (part: number): { kind: 'seq'; seq: number } => ({ kind: 'seq', seq: Math.floor(reader.lastSeq * part) })

const questions: { readonly [name: string]: () => Promise<unknown> } = {
  state: () => history.at(at(0.7)),
  names: () => surveyOf(history),
  refs: async () => refsOf((await history.at(at(0.7))).machine, null),
  blame: () => blame(history, { device: 8, path: parsePath('pagemaps[0x8000000000].state') }, at(0.7).seq),
  diff: async () =>
    compare(
      history,
      await history.at(at(0.65)),
      await history.at(at(0.7)),
      Array.from({ length: 64 }, (_, i) => i + 1),
    ),
  bisect: () => bisect(history, parseExpression(never)),
  check: () => check(history),
}
await questions[question]!()
process.stdout.write(JSON.stringify({ before: before / MIB, most: process.resourceUsage().maxRSS / 1024 }))
