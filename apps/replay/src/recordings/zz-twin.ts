import { writeFileSync } from 'node:fs'
import type { AnyEvent } from '@devtrail/events'
import { scenarios, Simulation } from '@devtrail/simulation'
import { imported } from './recorded.test-support.ts'
import { telling } from './twin.test-support.ts'
const [name, fromText, by] = process.argv.slice(2)
const { events } = await imported(name!)
const mark = events.find((e) => e.type === 'kernel/marked' && String(e.data['text']).includes(fromText!))
const from = fromText === '-' || fromText === undefined ? 1 : (mark?.seq ?? Number(fromText))
const own: AnyEvent[] = []
const run = new Simulation(scenarios.find((s) => s.name === name)!, { sink: (e) => own.push(e) })
while (run.turn()) continue
const extra = { byNamespace: by === 'by', whole: process.argv[5] === 'whole' } as object
const a = telling(events, { side: 'recorded', from, ...extra })
const b = telling(own, { side: 'simulated', from: run.readyAt + 1, ...extra })
const l = (t: typeof a) => t.map((x) => `${x.type} ${x.device ?? '-'} ${x.fields['release'] ?? ''} ${x.fields['size'] ?? ''} ${x.fields['start'] ?? ''}`).join('\n') + '\n'
writeFileSync('/tmp/a.txt', l(a)); writeFileSync('/tmp/b.txt', l(b))
console.log(a.length, b.length, run.outcome)
