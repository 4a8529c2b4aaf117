/** Asks a log everything, in a process of its own, and prints in MiB what the process needed at its most, and with nothing done. */
import { openFileLog } from '@devtrail/event-log/file'
import { bisect, blame, check, History, parseExpression, parsePath } from '@devtrail/time-travel'
import { models, vocabulary } from '@devtrail/survey'
import { FOLD } from './simulated-log.ts'

const MIB = 1024 * 1024
const before = process.memoryUsage().rss
await using reader = await openFileLog(process.argv[2]!, vocabulary)
const history = new History(reader, models, { fold: FOLD })
await bisect(
  history,
  parseExpression('device("pfn7.0").driver.state == "bound" && count(device("pfn7.0").pagemaps[0x8000000000].pageRefs) > 100000'),
)
await check(history)
for (let device = 1; device <= 64; device++) await blame(history, { device, path: parsePath('driver.state') }, reader.lastSeq)
process.stdout.write(JSON.stringify({ before: before / MIB, most: process.resourceUsage().maxRSS / 1024 }))
