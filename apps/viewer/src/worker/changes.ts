/** What differs between two moments, and when a field changes. */
import type { Json } from '@devtrail/events'
import { compare, type Names } from '@devtrail/survey'
import { blame, NOTHING, parseExpression, parsePath, Probe, selectDevices, type History } from '@devtrail/time-travel'
import type { ChangeRow, Questions } from '../protocol.ts'

const toJson = (value: unknown): Json => (value === NOTHING ? false : ((value ?? null) as Json))

export async function changesBetween(history: History, names: Names, from: number, to: number): Promise<ChangeRow[]> {
  const a = await history.at({ kind: 'seq', seq: from })
  const b = await history.at({ kind: 'seq', seq: to })
  const ids = new Set([...a.machine.devices(), ...b.machine.devices()].filter((d) => !d.bookkeeping).map((d) => d.id))
  const { changes, seqs } = await compare(history, a, b, [...ids, null])
  return changes.map((change) => ({
    device: change.device === null ? null : names.device(change.device),
    path: change.path,
    from: toJson(change.from),
    to: toJson(change.to),
    seq: seqs.get(change) ?? null,
  }))
}

type Wanted = Parameters<Questions['change']>[0]

/** The nearest event after (or up to) which a path of a device has another value; null: none. */
export function changeOf(history: History, wanted: Wanted): Promise<number | null> {
  return wanted.backwards ? changeBefore(history, wanted) : changeBehind(history, wanted)
}

async function changeBefore(history: History, { path, device, from }: Wanted): Promise<number | null> {
  const start = history.source.start?.seq ?? 0
  if (from < start) return null
  const { machine } = await history.at({ kind: 'seq', seq: from })
  const id = device === null ? null : (selectDevices(device, machine.devices(), (d) => machine.aliases(d)).at(-1)?.id ?? null)
  const told = await blame(history, { device: id, path: parsePath(path) }, from)
  return 'seq' in told && told.seq !== null && told.seq > start ? told.seq : null
}

async function changeBehind(history: History, { path, device, from }: Wanted): Promise<number | null> {
  let probe!: Probe
  let before = ''
  let found: number | null = null
  await history.replay({
    from,
    begin: (machine, at) => {
      probe = new Probe(parseExpression(path), machine, device)
      if (at >= from || from < 1) before = probe.identity
    },
    step: (block, place) => {
      const seq = block.seq(place)
      probe.step(block, place)
      if (seq <= from) {
        if (seq === from) before = probe.identity
        return false
      }
      if (probe.identity === before) return false
      found = seq
      return true
    },
  })
  return found
}
