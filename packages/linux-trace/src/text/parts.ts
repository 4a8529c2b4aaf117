/**
 * Traces that stand one behind the other in one text: what a header counts is of its own part. tracefs puts the header before
 * the entries, who reads trace_pipe knows the counts at the end.
 */
import type { TraceSummary } from './summary.ts'

/** What a header says. */
export interface Header {
  readonly inBuffer: number
  readonly written: number
  readonly cpus: number | null
}

const HEADER = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+)(?: +#P:(\d+))?/
const TRACER = '# tracer: '
const NOTES_MAX = 5

/** A count as printed; null where there is none, or one that nothing can have lost. */
export function countOf(text: string | undefined): number | null {
  const n = Number(text)
  return text !== undefined && Number.isSafeInteger(n) ? n : null
}

/** Null of what is no header; one with counts that no buffer can have had is damaged, and none either. */
export function parseHeader(text: string): Header | null {
  const m = HEADER.exec(text)
  const [inBuffer, written] = [countOf(m?.[1]), countOf(m?.[2])]
  return inBuffer === null || written === null ? null : { inBuffer, written, cpus: countOf(m?.[3]) }
}

/** Whether a line can begin a trace. */
export const beginsTrace = (text: string): boolean => text.startsWith(TRACER) || parseHeader(text) !== null

export class TraceParts {
  readonly #summary: TraceSummary
  /** Entries of the parts before. */
  #before = 0
  /** What their headers said was lost from them. */
  #lostBefore = 0
  #header: Header | null = null
  #isOver = false
  /** Another part has begun, and no entry of it was there yet; what is missing of the one before, where it says. */
  #seam: { readonly missing: number; readonly overwritten: boolean } | null = null
  #isDoubtful = false
  #seams = 0

  constructor(summary: TraceSummary) {
    this.#summary = summary
  }

  /** Whether the next entry has to be announced. */
  get waits(): boolean {
    return this.#seam !== null || this.#isOver || this.#isDoubtful
  }

  /** Takes note of a header. @returns how many entries were overwritten before the first of all. */
  see(header: Header): number {
    const entries = this.#entries
    if (this.#header !== null) this.#begin()
    const isFirst = this.#header === null && this.#seams === 0 && this.#seam === null
    const isTrailing = entries > 0 && this.#seam === null
    this.#header = header
    this.#isOver = isTrailing
    const lost = Math.max(0, header.written - header.inBuffer)
    // What a later part lost before its first entry has its gap at the seam.
    const counted = isFirst || isTrailing ? lost : 0
    this.#summary.inBuffer = this.#before + header.inBuffer
    this.#summary.written = this.#summary.inBuffer + this.#lostBefore + counted
    this.#summary.isUncounted = false
    this.#summary.cpus = header.cpus
    this.#lostBefore += counted
    if (this.#seam !== null) this.#seam = { ...this.#seam, overwritten: lost > 0 }
    return isFirst && !isTrailing ? lost : 0
  }

  /** A line names the tracer: what comes is another trace. */
  seeTracer(): void {
    if (this.#entries > 0 && this.#seam === null) this.#begin()
  }

  /**
   * What looks like the beginning of a trace stands within the text of an entry: it is one once there are more entries than were
   * announced. Where none were, one that names the tracer is taken for one; it counts nothing.
   */
  doubt(text: string): void {
    if (this.#header !== null) this.#isDoubtful = true
    else if (text.startsWith(TRACER)) this.#isOver = true
  }

  /** Whether a header within the text of the last entry is the end of this part: nothing else has counted it, and it counts right. */
  endsWith(header: Header): boolean {
    return this.#header === null && header.inBuffer === this.#entries
  }

  /** Whether a header at the very end of the trace may be believed. */
  get isUncounted(): boolean {
    return this.#header === null
  }

  /** The next line is an entry. @returns whether it is another trace's, and whether that one's buffer was overwritten. */
  seam(line: number): { readonly overwritten: boolean } | null {
    const announced = this.#header?.inBuffer ?? null
    if (this.#isOver || (this.#isDoubtful && announced !== null && this.#entries >= announced)) this.#begin()
    const seam = this.#seam
    if (seam === null) return null
    this.#seam = null
    this.#say(line, seam.missing)
    return seam
  }

  get #entries(): number {
    return this.#summary.entries - this.#before
  }

  #begin(): void {
    const missing = (this.#seam?.missing ?? 0) + Math.max(0, (this.#header?.inBuffer ?? 0) - this.#entries)
    this.#seam = { missing, overwritten: false }
    this.#before = this.#summary.entries
    this.#header = null
    this.#isOver = false
    this.#isDoubtful = false
    Object.assign(this.#summary, { inBuffer: this.#before, written: this.#before + this.#lostBefore, isUncounted: true })
  }

  #say(line: number, missing: number): void {
    const { notes, entries } = this.#summary
    this.#seams++
    if (this.#seams > NOTES_MAX) return
    const lacks = missing === 0 ? '' : `; of those before it ${missing} that its header announces ${missing === 1 ? 'is' : 'are'} not there`
    notes.push(
      `another trace begins behind entry ${entries} (line ${line}), perhaps of another boot: what happened between is not recorded${lacks}`,
    )
  }
}
