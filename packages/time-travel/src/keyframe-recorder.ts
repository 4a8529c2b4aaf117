import { partsOf } from './keyframes.ts'
import type { Machine } from './machine.ts'

/** Events from one keyframe to the next, at least. */
export const KEYFRAME_EVENTS = 65_536
/** Bytes of state saved for each event folded, at most: what is large is saved less often. */
const BYTES_PER_EVENT = 16

/** A keyframe to be stored: the parts that changed since the one before; null removes one. */
export interface CutKeyframe {
  readonly at: number
  /** The one before; null when all parts are there. */
  readonly since: number | null
  readonly parts: readonly (readonly [name: string, bytes: Uint8Array | null])[]
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Says when a machine that is stepped through a log is worth a keyframe, and makes it. */
export class KeyframeRecorder {
  readonly machine: Machine
  readonly #every: number
  #since: number | null = null
  #nextAt: number
  #saved: ReadonlyMap<string, Uint8Array> = new Map()

  constructor(machine: Machine, every: number = KEYFRAME_EVENTS) {
    this.machine = machine
    this.#every = every
    this.#nextAt = every
  }

  /** Whether a keyframe is due at `seq`, the last event that the machine was stepped through. */
  isDue(seq: number): boolean {
    return seq >= this.#nextAt
  }

  /** How many events may come behind `seq` until a keyframe is due; at least 1. */
  room(seq: number): number {
    return Math.max(1, this.#nextAt - seq)
  }

  cut(seq: number): CutKeyframe {
    const all = partsOf(this.machine)
    const parts: [string, Uint8Array | null][] = []
    let bytes = 0
    for (const [name, part] of all) {
      bytes += part.length
      const saved = this.#saved.get(name)
      if (saved === undefined || !isEqual(saved, part)) parts.push([name, part])
    }
    for (const name of this.#saved.keys()) if (!all.has(name)) parts.push([name, null])
    const since = this.#since
    this.#saved = all
    this.#since = seq
    this.#nextAt = seq + Math.max(this.#every, Math.ceil(bytes / BYTES_PER_EVENT))
    return { at: seq, since, parts }
  }
}
