import type { StoredKeyframe } from './source.ts'

/** Bytes of keyframes kept in memory at most; those used longest ago go first. */
const BYTES_MAX = 32 * 1024 * 1024

/** Keyframes made while looking around a place in a log, so that looking there again is quick. */
export class NearKeyframes {
  readonly #bySeq = new Map<number, { readonly keyframe: StoredKeyframe; readonly bytes: number }>()
  #bytes = 0

  has(seq: number): boolean {
    return this.#bySeq.has(seq)
  }

  add(keyframe: StoredKeyframe): void {
    const bytes = keyframe.parts.values().reduce((sum, part) => sum + part.length, 0)
    if (this.has(keyframe.seq) || bytes > BYTES_MAX) return
    this.#bySeq.set(keyframe.seq, { keyframe, bytes })
    this.#bytes += bytes
    for (const [seq, old] of this.#bySeq) {
      if (this.#bytes <= BYTES_MAX) return
      this.#bySeq.delete(seq)
      this.#bytes -= old.bytes
    }
  }

  /** The newest up to `seq`. */
  find(atOrBefore: number): StoredKeyframe | null {
    let best = -1
    for (const seq of this.#bySeq.keys()) if (seq <= atOrBefore && seq > best) best = seq
    const found = this.#bySeq.get(best)
    if (found === undefined) return null
    // Used now: it goes last.
    this.#bySeq.delete(best)
    this.#bySeq.set(best, found)
    return found.keyframe
  }
}
