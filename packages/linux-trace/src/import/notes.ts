/** What people are told of a recording: how far what is read from it can be relied on. */
import type { Coverage } from '../coverage.ts'
import type { ProbeDefinition } from '../probes.ts'
import { isKnownFunction, missingFields } from '../known-probes.ts'
import type { ProbeHit } from '../probe-hit.ts'
import type { Recording } from '../recording.ts'
import type { TraceEntry } from '../text/entry.ts'
import type { TraceSummary } from '../text/summary.ts'

/** So many entries that could not be followed are told one by one. */
export const NOT_FOLLOWED_SHOWN_MAX = 5

/** `missing`: files of the baseline that are not there. */
export function baselineNotes({ iomem }: Recording, missing: readonly string[]): string[] {
  const notes: string[] = []
  if (missing.length > 0) notes.push(`no ${missing.join(', ')}: what was there when the recording began is not known`)
  if (iomem?.endsWith('\n') === false && iomem !== '') notes.push('iomem.before does not end with a line break: it may be cut')
  return notes
}

/** What the probes that were installed could not show. */
export function probeNotes(coverage: Coverage, probes: ReadonlyMap<string, ProbeDefinition>): string[] {
  const notes: string[] = []
  for (const [model, functions] of coverage.missing())
    notes.push(`no probe of ${functions.join(', ')}: what is known of ${model} holds only until the next entry`)
  if (!coverage.known)
    notes.push(
      'no kprobe_events.txt: which probes were installed is not known, so what none of them shows is not taken for not having happened',
    )
  else if (!coverage.puts)
    notes.push('not every way in which page references are given back is probed: that one is still out is never certain')
  for (const { event, symbol, foreign } of probes.values())
    if (isKnownFunction(symbol) && foreign.length > 0)
      notes.push(`probe ${event} fetches ${foreign.join(', ')} in a way not known for ${symbol}; taken by name`)
  const missed = coverage.missedHits.map(({ event, hits }) => `${event} (${hits})`)
  if (missed.length > 0) notes.push(`probes that missed hits: ${missed.join(', ')}; what they would have shown is not known`)
  return notes
}

/** Of an entry that matters and cannot be followed; `hit` where its form is that of its event. */
export function entryNote({ number, line, event }: TraceEntry, hit: ProbeHit | null): string {
  const lacks = hit === null ? 'is cut or not of the form of its event' : `has no ${missingFields(hit).join(', ')}`
  return `entry ${number} (line ${line}), ${event}, ${lacks}; a gap stands for it`
}

export const cutNote = (entries: number, inBuffer: number): string =>
  `the trace is cut: it has ${entries} of the ${inBuffer} entries that its header announces`

export const undrainedNote = (entries: number, counted: number): string =>
  `the trace lacks its end: it has ${entries} of the ${counted} entries that the kernel counted in its buffers`

export const unplacedNote = (lost: number): string =>
  `${lost} ${lost === 1 ? 'entry was' : 'entries were'} lost, and nothing says where: what is said may lack what ${lost === 1 ? 'it' : 'they'} did`

/** What is known once the trace was read to its end. */
export function endNotes(
  { unparsed, unreadable, inBuffer, isUncounted, backwards, notes: told }: TraceSummary,
  seen: { readonly notFollowed: number; readonly silent: ReadonlySet<string>; readonly hasAddresses: boolean },
): string[] {
  const notes: string[] = [...told]
  if (unparsed > 0)
    notes.push(`${unparsed} ${unparsed === 1 ? 'line' : 'lines'} could not be read (${unreadable.join('; ')}); each is a gap`)
  if (seen.notFollowed > NOT_FOLLOWED_SHOWN_MAX) notes.push(`${seen.notFollowed} entries could not be followed in all`)
  if (backwards > 0)
    notes.push(`time goes back ${backwards === 1 ? 'once' : `${backwards} times`}: positions by time mean the last event not later`)
  if (seen.silent.size > 0)
    notes.push(`return probes of ${[...seen.silent].join(', ')} do not fetch $retval: how those calls ended is not known`)
  if (seen.hasAddresses)
    notes.push(
      'probes are told by addresses only, as trace-cmd report prints them: which functions they are on is not known; put kprobe_events.txt beside the trace, or import the trace.dat itself',
    )
  if (inBuffer === null || isUncounted) notes.push('the trace has no header: whether it is complete is not known')
  return notes
}
