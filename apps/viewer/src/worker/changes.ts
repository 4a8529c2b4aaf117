/** What differs between two moments, and when a field changes. */
import type { Json } from '@devtrail/events'
import { compare, type Names } from '@devtrail/survey'
import {
  blame,
  devicesNamed,
  NOTHING,
  parseExpression,
  parsePath,
  Probe,
  type Change,
  type History,
  type Machine,
} from '@devtrail/time-travel'
import type { ChangeRow, Questions } from '../protocol.ts'

const isTruth = (value: unknown): boolean => typeof value === 'boolean' || value === null
const isSomething = (value: unknown): boolean => value !== null && value !== false

/** What changed into what: `false` is nothing, but where something was or is true or false. */
function sidesOf({ from, to, perhaps }: Change): Pick<ChangeRow, 'from' | 'to' | 'perhaps'> {
  const isOfTruth = isTruth(from) && isTruth(to)
  const side = (value: unknown): Json | undefined => (value === false && !isOfTruth ? undefined : ((value ?? null) as Json))
  return {
    from: side(from),
    to: side(to),
    perhaps: { from: perhaps?.from === true && isSomething(from), to: perhaps?.to === true && isSomething(to) },
  }
}

export async function changesBetween(history: History, names: Names, from: number, to: number): Promise<ChangeRow[]> {
  const a = await history.at({ kind: 'seq', seq: from })
  const b = await history.at({ kind: 'seq', seq: to })
  const ids = new Set([...a.machine.devices(), ...b.machine.devices()].filter((d) => !d.bookkeeping).map((d) => d.id))
  const { changes, seqs } = await compare(history, a, b, [...ids, null])
  return changes.map((change) => ({
    device: change.device === null ? null : names.device(change.device),
    path: change.path,
    ...sidesOf(change),
    seq: seqs.get(change) ?? null,
  }))
}

type Wanted = Parameters<Questions['change']>[0]

/** The nearest event after (or up to) which a path of a device has another value; null: none. */
export function changeOf(history: History, wanted: Wanted): Promise<number | null> {
  return wanted.backwards ? changeBefore(history, wanted) : changeBehind(history, wanted)
}

/** What is shown of a value. When it was told is nothing of the value itself, as `diff` has it. */
function shownBy(probe: Probe): string {
  const { value, orNothing } = probe.value
  const text = value === NOTHING ? 'nothing' : JSON.stringify(value, (name, of: unknown) => (name === 'learntAt' ? undefined : of))
  return `${text}${orNothing ? '?' : ''}`
}

async function changeBefore(history: History, { path, device, from }: Wanted): Promise<number | null> {
  const start = history.source.start?.seq ?? 0
  const expression = parseExpression(path)
  const shownAt = async (seq: number): Promise<string> =>
    shownBy(new Probe(expression, (await history.at({ kind: 'seq', seq })).machine, device))
  for (let at = from; at > start;) {
    const { machine } = await history.at({ kind: 'seq', seq: at })
    const { seq } = await blame(history, { device: idOf(machine, device), path: parsePath(path) }, at)
    // What a later event told of all the time before did not change then.
    if (seq === null || seq <= start || seq > at) return null
    if ((await shownAt(seq)) !== (await shownAt(seq - 1))) return seq
    at = seq - 1
  }
  return null
}

function idOf(machine: Machine, device: string | null): number | null {
  return device === null ? null : (devicesNamed(device, machine.devices(), (id) => machine.aliases(id)).at(-1)?.id ?? null)
}

async function changeBehind(history: History, { path, device, from }: Wanted): Promise<number | null> {
  let probe!: Probe
  let before = ''
  let found: number | null = null
  await history.replay({
    from,
    begin: (machine, at) => {
      probe = new Probe(parseExpression(path), machine, device)
      if (at >= from || from < 1) before = shownBy(probe)
    },
    step: (block, place) => {
      const seq = block.seq(place)
      const mayBeOther = probe.step(block, place)
      if (seq <= from) {
        if (seq === from) before = shownBy(probe)
        return false
      }
      if (!mayBeOther || shownBy(probe) === before) return false
      found = seq
      return true
    },
  })
  return found
}
