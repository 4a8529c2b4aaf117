/** A made-up state for tests of keyframes: its parts, and which of them change, follow from the `seq` alone. */
import type { NewKeyframe } from '../contract.ts'

export const FOLD = 'sample-1'

/** The parts after the event with number `seq`. Each changes at another pace, one goes and comes back, one is large enough to be packed. */
export function partsAt(seq: number): Map<string, Uint8Array> {
  const parts = new Map<string, Uint8Array>([
    ['always', Uint8Array.of(seq % 256, seq >> 8)],
    ['constant', new Uint8Array(60).fill(7)],
    ['packed', new Uint8Array(5000).fill(Math.floor(seq / 40))],
    ['slow', new Uint8Array(40).fill(Math.floor(seq / 20))],
  ])
  if (seq % 3 > 0) parts.set('some', Uint8Array.of(1))
  return new Map([...parts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The keyframe at `seq` with what changed since another one. */
export function changesAt(seq: number, since: number | null): NewKeyframe {
  const before = since === null ? new Map<string, Uint8Array>() : partsAt(since)
  const now = partsAt(seq)
  const parts: [string, Uint8Array | null][] = [...now].filter(([name, bytes]) => !isSame(before.get(name), bytes))
  for (const name of before.keys()) if (!now.has(name)) parts.push([name, null])
  return { at: seq, since, parts }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && Buffer.compare(a, b) === 0
}
