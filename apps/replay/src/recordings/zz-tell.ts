import { imported } from './recorded.test-support.ts'
import { telling } from './twin.test-support.ts'
const name = process.argv[2]!
const { events } = await imported(name)
const t = telling(events, { side: 'recorded', from: Number(process.argv[3] ?? 1) })
for (const x of t) console.log(x.seq, x.type, x.device ?? '-', JSON.stringify(x.fields))
