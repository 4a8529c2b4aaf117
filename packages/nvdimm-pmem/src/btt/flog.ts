/**
 * The log of a lane (struct log_group): four slots of 16 bytes, of which two are used in turn. Which two depends on who
 * wrote it: Linux up to 4.14 left the second half of each 32 bytes empty (slots 0 and 2), later ones use 0 and 1.
 */
import type { Medium } from '../media/medium.ts'
import { LOG_GROUP_BYTES } from './geometry.ts'

const SLOTS = 4
export const SLOT_BYTES = 16
const WORD = 4
/** Of the two largest sequence numbers. */
const SEQ_SUM_MAX = 5

export interface LogEntry {
  readonly lba: number
  /** The block that was the sector's before, perhaps with flags. */
  readonly old: number
  readonly new: number
  /** 1, 2, 3, 1, …; 0 in a slot that was never written whole. */
  readonly seq: number
}

export type LogGroup = readonly [LogEntry, LogEntry, LogEntry, LogEntry]
/** Which slots are used. */
export type SlotPair = readonly [number, number]
export const newSlots: SlotPair = [0, 1]
export const oldSlots: SlotPair = [0, 2]

export function groupIn(bytes: Uint8Array, at = 0): LogGroup {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LOG_GROUP_BYTES)
  const word = (slot: number, n: number): number => view.getUint32(slot * SLOT_BYTES + n * WORD, true)
  return Array.from({ length: SLOTS }, (_, s) => ({
    lba: word(s, 0),
    old: word(s, 1),
    new: word(s, 2),
    seq: word(s, 3),
  })) as unknown as LogGroup
}

export const groupAt = (medium: Medium, at: number, into: Uint8Array): LogGroup => {
  medium.load(at, into)
  return groupIn(into)
}

const isPadding = (e: LogEntry): boolean => e.lba === 0 && e.old === 0 && e.new === 0 && e.seq === 0

/**
 * Which slots are used (log_set_indices): of the groups that have more than their initial entry, the first decides, and those after
 * it have to agree. Null when they do not, or when the pair is none that was ever written.
 */
export function slotsOf(groups: Iterable<LogGroup>): SlotPair | null {
  let first = -1
  let second = -1
  let isInitial = true
  for (const group of groups) {
    let padding = 0
    for (const [slot, entry] of group.entries()) {
      const isPad = isPadding(entry)
      if (second < 0) {
        if (isPad) padding++
        else if (first < 0) first = slot
        else if (slot !== first) second = slot
      } else if (slot === first ? isPad : slot !== second && !isPad) return null
    }
    if (padding < SLOTS - 1) isInitial = false
  }
  if (isInitial) second = 1
  if (first !== 0) return null
  if (second === 1) return newSlots
  return second === 2 ? oldSlots : null
}

/** The number after a sequence number. */
export const nextSeq = (seq: number): number => (seq === 3 ? 1 : seq + 1)

/** Which of two entries is newer: 0 or 1; null when their numbers make no sense (btt_log_get_old). */
export function newerOf(a: LogEntry, b: LogEntry): 0 | 1 | null {
  if (a.seq === 0) return 1
  if (a.seq === b.seq || a.seq + b.seq > SEQ_SUM_MAX) return null
  const difference = Math.abs(a.seq - b.seq)
  if (a.seq < b.seq) return difference === 1 ? 1 : 0
  return difference === 1 ? 0 : 1
}
