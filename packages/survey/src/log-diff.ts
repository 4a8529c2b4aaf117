/** What is different of two logs: event by event, device by device. */
import type { AnyEvent } from '@devtrail/events'
import { align, type EventSource } from '@devtrail/time-travel'
import { strandsOf, told, type Strand } from './event-strands.ts'
import type { Names } from './names.ts'
import { eventsAt } from './survey.ts'

/** Of so many events that are not the same to the letter it is looked up what differs. */
export const PAIRS_MAX = 100_000

/** A log, what its ids stand for, and how many events of which types it has. */
export interface LogSide {
  readonly source: EventSource
  readonly names: Names
  readonly types: ReadonlyMap<string, number>
}

/** Two events that stand for one another. */
export interface Pair {
  readonly here: AnyEvent
  readonly there: AnyEvent
  /** The fields in which they differ; what one of them does not tell (null) is no difference. */
  readonly fields: readonly string[]
}

export interface LogDiff {
  /** How many events of one stand for events of the other and tell the same. */
  readonly same: number
  readonly changed: readonly Pair[]
  /** Numbers of events that the other has not; ascending. */
  readonly onlyHere: readonly number[]
  readonly onlyThere: readonly number[]
  /** Types of which the other has no event at all, and how many there are: not compared. */
  readonly typesOnlyHere: ReadonlyMap<string, number>
  readonly typesOnlyThere: ReadonlyMap<string, number>
  /** The first that is different, by its number in either; null for what has nothing there. Null: none is. */
  readonly first: { readonly here: number | null; readonly there: number | null } | null
  /** Devices in whose events so much is different that the middle was not compared. */
  readonly notCompared: readonly string[]
}

const NOTHING: Strand = { seqs: [], keys: [], told: [] }

/** What lies between two runs of events that stand for one another. */
interface Gap {
  readonly here: readonly [from: number, to: number]
  readonly there: readonly [from: number, to: number]
}

interface Beside {
  same: number
  readonly unsure: [here: number, there: number][]
  readonly onlyHere: number[]
  readonly onlyThere: number[]
}

function layBeside(here: Strand, there: Strand, beside: Beside): boolean {
  const { runs, isWhole } = align(here.keys, there.keys)
  let [x, y] = [0, 0]
  const gap = ({ here: [a, b], there: [c, d] }: Gap): void => {
    beside.onlyHere.push(...here.seqs.slice(a, b))
    beside.onlyThere.push(...there.seqs.slice(c, d))
  }
  for (const run of runs) {
    gap({ here: [x, run.a], there: [y, run.b] })
    for (let n = 0; n < run.length; n++) {
      const [i, j] = [run.a + n, run.b + n]
      if (here.told[i] === there.told[j]) beside.same++
      else beside.unsure.push([here.seqs[i]!, there.seqs[j]!])
    }
    ;[x, y] = [run.a + run.length, run.b + run.length]
  }
  gap({ here: [x, here.seqs.length], there: [y, there.seqs.length] })
  return isWhole
}

/** Types of which only one of both has events, and those. */
function typesOf({ types: mine }: LogSide, { types: other }: LogSide): Map<string, number> {
  return new Map([...mine].filter(([type]) => !other.has(type)).toSorted(([a], [b]) => a.localeCompare(b)))
}

const ascending = (a: number, b: number): number => a - b

/** @param sameOrigin whether both were made in one way: then what led to an event counts as well. */
export async function diffLogs(here: LogSide, there: LogSide, sameOrigin: boolean): Promise<LogDiff> {
  const [typesOnlyHere, typesOnlyThere] = [typesOf(here, there), typesOf(there, here)]
  const isCompared = (type: string): boolean => !typesOnlyHere.has(type) && !typesOnlyThere.has(type)
  const mine = await strandsOf(here.source, here.names, isCompared, sameOrigin)
  const others = await strandsOf(there.source, there.names, isCompared, sameOrigin)
  const beside: Beside = { same: 0, unsure: [], onlyHere: [], onlyThere: [] }
  const notCompared: string[] = []
  for (const device of new Set([...mine.keys(), ...others.keys()]))
    if (!layBeside(mine.get(device) ?? NOTHING, others.get(device) ?? NOTHING, beside)) notCompared.push(device)
  const looked = beside.unsure.slice(0, PAIRS_MAX)
  const changed = await changedOf(looked, here, there)
  const onlyHere = beside.onlyHere.toSorted(ascending)
  const onlyThere = beside.onlyThere.toSorted(ascending)
  return {
    same: beside.same + looked.length - changed.length,
    changed,
    onlyHere,
    onlyThere,
    typesOnlyHere,
    typesOnlyThere,
    first: firstOf(changed[0], onlyHere[0], onlyThere[0]),
    notCompared,
  }
}

/** Those of two events each that tell differently where both tell. */
async function changedOf(pairs: readonly (readonly [number, number])[], here: LogSide, there: LogSide): Promise<Pair[]> {
  const mine = await eventsAt(
    here.source,
    pairs.map(([seq]) => seq),
  )
  const others = await eventsAt(
    there.source,
    pairs.map(([, seq]) => seq),
  )
  const changed = pairs.flatMap(([a, b]): Pair[] => {
    const [one, other] = [mine.get(a)!, others.get(b)!]
    const said = new Map(told(other, there.names))
    const fields = told(one, here.names).flatMap(([name, value]) => {
      const theirs = said.get(name) ?? null
      return value === null || theirs === null || value === theirs ? [] : [name]
    })
    return fields.length === 0 ? [] : [{ here: one, there: other, fields }]
  })
  return changed.toSorted((x, y) => x.here.seq - y.here.seq)
}

function firstOf(changed: Pair | undefined, here: number | undefined, there: number | undefined): LogDiff['first'] {
  if (changed === undefined && here === undefined && there === undefined) return null
  if (changed !== undefined && changed.here.seq < (here ?? Infinity) && changed.there.seq < (there ?? Infinity))
    return { here: changed.here.seq, there: changed.there.seq }
  return { here: here ?? null, there: there ?? null }
}
