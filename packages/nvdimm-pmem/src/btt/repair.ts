/**
 * What of a BTT can be put right, as `ndctl check-namespace --repair` does: an info block by its copy, a copy by its info block, and map entries
 * of writes that are committed to the log. Nothing else is touched, since nothing else is there twice: a log or a map that contradicts itself
 * stays as it is.
 *
 * First it is planned, on an overlay; then each step is stored, durable before the next. A power failure leaves the steps that were not done to be
 * planned again. The last arena comes first, and of each its info block last, so that there is no BTT before all of it is there.
 */
import { OverlayMedium } from '../media/overlay-medium.ts'
import { loaded, put, type Medium } from '../media/medium.ts'
import { encodeArenaInfo, INFO_BYTES, type ArenaInfo } from '../media/arena-info.ts'
import { Arena } from './arena.ts'
import { checkArena, type PendingWrite } from './arena-check.ts'
import { BttError } from './btt-error.ts'
import { checkBtt, type BttChecked } from './check.ts'
import { ARENAS_MAX, arenaInfoAt } from './discover.ts'
import { Faults, type Fault } from './faults.ts'
import { bttVersions } from './format.ts'
import { infoByCopy, replacedBy, type Replaced } from './info-copy.ts'
import { locateBtt } from './locate.ts'
import { normalEntry } from './map-entry.ts'

/** One store that puts something right. */
export interface Mend {
  readonly arena: number
  readonly kind: 'info' | 'info2' | 'map'
  /** Byte of the medium. */
  readonly at: number
  readonly says: string
  readonly bytes: Uint8Array
  /** What the bytes take the place of. An info block over something else may destroy what the medium has been used for since. */
  readonly replaces: Replaced
}

export interface RepairPlan {
  /** Byte at which the BTT begins. */
  readonly start: number
  /** In the order in which they are to be stored. */
  readonly mends: readonly Mend[]
  /** What stays wrong. */
  readonly left: BttChecked
}

/** How a BTT can be repaired; null when there is none, nor a copy of its first info block that map and log agree with. Writes nothing. */
export function planRepair(medium: Medium, parentUuid: string | null = null): RepairPlan | null {
  const located = locatedIn(medium)
  const starts = located === null ? Object.values(bttVersions).map(({ start }) => start) : [located]
  for (const start of starts) {
    const plan = planFrom(medium, start, parentUuid)
    if (plan !== null) return plan
  }
  return null
}

/** Stores what a plan has. @throws MediumError when the medium cannot be written; what is not done can be planned again. */
export function repairBtt(medium: Medium, { mends }: RepairPlan): void {
  for (const { at, bytes } of mends) put(medium, at, bytes)
}

function locatedIn(medium: Medium): number | null {
  try {
    return locateBtt(medium)
  } catch (error) {
    if (error instanceof BttError) return null
    throw error
  }
}

function planFrom(medium: Medium, start: number, parentUuid: string | null): RepairPlan | null {
  const trial = new OverlayMedium(medium)
  const mends: Mend[] = []
  let previous: ArenaInfo | null = null
  for (let at = start, index = 0; index < ARENAS_MAX; index++) {
    const found = wholeOrRestored(trial, at, index, previous, parentUuid)
    if (found === null && index === 0) return null
    if (found === null) break
    mends.push(...found.mends)
    if (found.info.nextoff === 0) break
    previous = found.info
    at += found.info.nextoff
  }
  for (const { at, bytes } of mends) put(trial, at, bytes)
  return { start, mends: mends.toReversed(), left: checkBtt(trial, start, parentUuid) }
}

interface ArenaPlan {
  readonly info: ArenaInfo
  readonly mends: readonly Mend[]
}

/** What an arena needs; null when it has no info block, and no copy that the rest of it agrees with. */
function wholeOrRestored(
  trial: Medium,
  at: number,
  index: number,
  previous: ArenaInfo | null,
  parentUuid: string | null,
): ArenaPlan | null {
  const whole = wholeInfo(trial, at, parentUuid)
  const info = whole ?? infoByCopy(trial, at, previous, parentUuid)
  if (info === null) return null
  const arena = new Arena(trial, at, index, 0, info)
  const faults = new Faults()
  const pending: PendingWrite[] = []
  checkArena(arena, faults, pending)
  const isSound = faults.told.every(({ kind }) => mayStay.has(kind))
  const rest = isSound ? pending.map((write) => mapMend(arena, write)) : []
  if (whole === null) return isSound ? { info, mends: [infoMend(arena, 'info'), ...rest] } : null
  const copy = isSound && faults.told.some(({ kind }) => kind === 'info2') ? [infoMend(arena, 'info2')] : []
  return { info, mends: [...copy, ...rest] }
}

/** Faults beside which the rest of an arena can be put right. */
const mayStay: ReadonlySet<Fault['kind']> = new Set(['info2', 'error-flag'])

function wholeInfo(medium: Medium, at: number, parentUuid: string | null): ArenaInfo | null {
  try {
    return arenaInfoAt(medium, at, parentUuid)
  } catch (error) {
    if (error instanceof BttError) return null
    throw error
  }
}

function infoMend({ medium, index, info, at: start }: Arena, kind: 'info' | 'info2'): Mend {
  const [at, from] = kind === 'info' ? [start, start + info.info2off] : [start + info.info2off, start]
  const bytes = loaded(medium, from, INFO_BYTES)
  const says = kind === 'info' ? `the info block by its copy at byte ${from}` : `the second info block by the first, at byte ${from}`
  return { arena: index, kind, at, says, bytes, replaces: replacedBy(loaded(medium, at, INFO_BYTES), encodeArenaInfo(info)) }
}

function mapMend(arena: Arena, { lane, lba, old, new: block }: PendingWrite): Mend {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, normalEntry(block), true)
  const says = `sector ${lba} is in block ${block}, as the log of lane ${lane} has it, no longer in ${old}`
  return { arena: arena.index, kind: 'map', at: arena.mapAt(lba), says, bytes, replaces: 'remains' }
}
