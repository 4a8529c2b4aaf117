/** The kernel touches what is not there: the task ends where it stands, and nothing that it held is given back. */
export class Oops extends Error {
  override readonly name = 'Oops'
  /** As `NeverEnds`: what comes after does not happen, not even the rest of a teardown. */
  readonly hangs = true
}
