/** The event of docs/performance.md: 24 types, 8 devices, 64 owners, a random pfn. */
import { Vocabulary, declareEvents, f, type AnyEvent } from '@devtrail/events'

const fields = { pfn: f.pfn('a page'), n: f.count('how many'), who: f.string('the owner') }
const names = Array.from({ length: 24 }, (_, i) => `type-${String.fromCharCode(97 + i)}`)
export const vocabulary = new Vocabulary([
  declareEvents('bench', Object.fromEntries(names.map((name) => [name, { version: 1, doc: 'Something.', fields }]))),
])
// One string a type, as the literals of real emitters are.
const types = vocabulary.types()

export function makeEvents(count: number): AnyEvent[] {
  let state = 1
  const below = (n: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >> 4) % n
  }
  const owners = Array.from({ length: 64 }, (_, i) => `owner-${i}`)
  const actors = Array.from({ length: 16 }, (_, i) => ({ pid: 1000 + i, comm: `task-${i}` }))
  let time = 0
  return Array.from({ length: count }, (_, i) => ({
    seq: i + 1,
    entry: null,
    time: (time += 200 + below(5000)),
    device: 1 + below(8),
    cpu: below(2),
    actor: actors[below(16)]!,
    cause: [],
    type: types[below(24)]!,
    data: { pfn: 0x100000 + below(1 << 22), n: below(100), who: owners[below(64)]! },
  }))
}
