/**
 * What few events are marked with, as one number of a column: whether it is inferred, whether clocks tell its place among the
 * events of other hosts, and its host. In a log of one host that is 1 or 0, as it was before there were others.
 */
import { HOSTS_MAX, type AnyEvent, type HostId } from '@devtrail/events'

const INFERRED = 1
const UNORDERED = 2
const HOST = 4

export const MARKS_MAX: number = HOST * HOSTS_MAX + INFERRED + UNORDERED

const isTrueOrAbsent = (mark: unknown): boolean => mark === undefined || mark === true

/** What is wrong with the marks of an event; null: nothing. */
export function faultOfMarks({ inferred, unordered, host }: AnyEvent): string | null {
  if (!isTrueOrAbsent(inferred)) return 'inferred should be true or absent'
  if (!isTrueOrAbsent(unordered)) return 'unordered should be true or absent'
  if (host === undefined || (Number.isSafeInteger(host) && host >= 1 && host <= HOSTS_MAX)) return null
  return `host should be a whole number from 1 to ${HOSTS_MAX}, or absent`
}

/** −1 where they are not as they should be. */
export function marksOf(event: AnyEvent): number {
  const { inferred, host, unordered } = event
  if (inferred === undefined && host === undefined && unordered === undefined) return 0
  if (faultOfMarks(event) !== null) return -1
  return (inferred === true ? INFERRED : 0) + (unordered === true ? UNORDERED : 0) + (host ?? 0) * HOST
}

export const isInferred = (marks: number): true | undefined => ((marks & INFERRED) === 0 ? undefined : true)
export const isUnordered = (marks: number): true | undefined => ((marks & UNORDERED) === 0 ? undefined : true)
/** 0: none. */
export const hostIn = (marks: number): HostId => marks >>> 2
