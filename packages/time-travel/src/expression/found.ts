/** What there is at a path: nothing, for certain. */
export const NOTHING: unique symbol = Symbol('nothing')

/**
 * What was found at a path: a value as `state --json` prints it (null: not known), a time, or NOTHING. `orNothing`: a gap
 * came since, so it may be gone.
 */
export interface Found {
  readonly value: unknown
  readonly orNothing: boolean
}

export const UNKNOWN: Found = { value: null, orNothing: false }
export const ABSENT: Found = { value: NOTHING, orNothing: false }
export const found = (value: unknown, orNothing = false): Found => ({ value: value ?? null, orNothing })
