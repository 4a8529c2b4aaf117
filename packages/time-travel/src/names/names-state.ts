/** What the whole of a log says about names, gathered event by event, so that a keyframe holds it. */
import { hex, hostOf, type AnyEvent, type DeviceInfo, type EventDeclaration } from '@devtrail/events'

/**
 * The looks (counted from 1) at which a device was first listed, and first found to be there; null: never yet. `isFound`: when it was
 * listed it was not told whether it is there.
 */
interface Life {
  listed: number
  present: number | null
  isFound: boolean
}

/** Devices of one name on one host that were there at once, two by two. */
interface Together {
  pairs: [number, number][]
  /** One that was there when the other was found, of which was not yet told then that it is there, too. */
  perhaps: [there: number, found: number][]
  /** There were more than are kept: whatever bears the name has to be told apart. */
  isCrowded: boolean
}

/** Names so far; plain data. It rests on nothing but the events up to here: what later ones tell is asked for when names are made. */
export interface NamesState {
  /** What regions and pagemaps are called by where they start: the first that is told of each. */
  starts: { regions: Map<number, string>; pagemaps: Map<number, string> }
  /** How often the devices were looked at. */
  looks: number
  lives: Map<number, Life>
  /** Those of each host and name. */
  named: Map<string, number[]>
  /** By host and name. */
  together: Map<string, Together>
}

/** Devices up to which all are looked at whenever one may have come; of more only those of its name. */
export const ALL_LOOKED_AT_MAX = 1000
/** Pairs of one name that are kept at most. */
export const PAIRS_KEPT_MAX = 64

export const initialNames = (): NamesState => ({
  starts: { regions: new Map(), pagemaps: new Map() },
  looks: 0,
  lives: new Map(),
  named: new Map(),
  together: new Map(),
})

/** What events of a type tell about names: where something starts; by which field that a device may be there that was not before. */
export interface NameTelling {
  readonly starts: boolean
  readonly brings: string | null
}

export function tellsOfNames({ identifies, fields }: EventDeclaration): NameTelling {
  const brings = identifies !== undefined && fields[identifies]!.kind === 'device' ? identifies : null
  return { starts: fields['start']?.kind === 'u64', brings }
}

/** The devices as the events so far tell of them, without what later events tell: all, or one. */
export interface ToldDevices {
  readonly all: () => readonly DeviceInfo[]
  readonly one: (id: number) => DeviceInfo | null
}

/** Folds one event, which the models have been shown. */
export function seeNames(state: NamesState, event: AnyEvent, { starts, brings }: NameTelling, told: ToldDevices): void {
  if (starts) seeStart(state, event)
  if (brings !== null) look(state, devicesToLookAt(state, event.data[brings], told))
}

function devicesToLookAt({ lives, named }: NamesState, brought: unknown, { all, one }: ToldDevices): readonly DeviceInfo[] {
  if (lives.size <= ALL_LOOKED_AT_MAX || typeof brought !== 'number') return all()
  const device = one(brought)
  if (device === null) return []
  const others = named.get(keyOf(device))?.filter((id) => id !== brought) ?? []
  return [...others.flatMap((id) => one(id) ?? []), device]
}

const keyOf = ({ id, name }: DeviceInfo): string => `${hostOf(id)} ${name}`

function seeStart({ starts: { regions, pagemaps } }: NamesState, { data }: AnyEvent): void {
  const { region, pagemap, start, name } = data
  if (typeof start !== 'bigint') return
  if (typeof region === 'number' && !regions.has(region)) regions.set(region, typeof name === 'string' ? name : hex(start))
  if (typeof pagemap === 'number' && !pagemaps.has(pagemap)) pagemaps.set(pagemap, hex(start))
}

function look(state: NamesState, devices: readonly DeviceInfo[]): void {
  const at = ++state.looks
  const there = new Map<string, number[]>()
  const found: DeviceInfo[] = []
  for (const device of devices) {
    const { id, presence } = device
    let life = state.lives.get(id)
    if (life === undefined) {
      state.lives.set(id, (life = { listed: at, present: null, isFound: presence === null }))
      push(state.named, keyOf(device), id)
      if (presence === null) found.push(device)
    }
    if (presence !== 'present') continue
    life.present ??= at
    push(there, keyOf(device), id)
  }
  for (const [name, ids] of there) if (ids.length > 1) keepPairs(state, name, ids)
  for (const device of found) {
    const name = keyOf(device)
    for (const id of there.get(name) ?? []) keep(togetherOf(state, name), 'perhaps', id, device.id)
  }
}

function push(lists: Map<string, number[]>, key: string, id: number): void {
  const ids = lists.get(key)
  if (ids === undefined) lists.set(key, [id])
  else ids.push(id)
}

function togetherOf({ together }: NamesState, name: string): Together {
  let of = together.get(name)
  if (of === undefined) together.set(name, (of = { pairs: [], perhaps: [], isCrowded: false }))
  return of
}

function keepPairs(state: NamesState, name: string, ids: readonly number[]): void {
  const of = togetherOf(state, name)
  for (const [i, a] of ids.entries()) {
    for (const b of ids.slice(i + 1)) {
      if (of.isCrowded) return
      keep(of, 'pairs', a, b)
    }
  }
}

function keep(of: Together, kind: 'pairs' | 'perhaps', a: number, b: number): void {
  const kept = of[kind]
  if (kept.some(([x, y]) => x === a && y === b)) return
  if (kept.length < PAIRS_KEPT_MAX) kept.push([a, b])
  else of.isCrowded = true
}
