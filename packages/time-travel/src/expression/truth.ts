/** True, false, or not known (null): three-valued logic after Kleene. */
export type Truth = boolean | null

export const not = (a: Truth): Truth => (a === null ? null : !a)

/** False as soon as one is false. */
export function all(of: Iterable<Truth>): Truth {
  let result: Truth = true
  for (const one of of) {
    if (one === false) return false
    if (one === null) result = null
  }
  return result
}

/** True as soon as one is true. */
export function any(of: Iterable<Truth>): Truth {
  let result: Truth = false
  for (const one of of) {
    if (one === true) return true
    if (one === null) result = null
  }
  return result
}

/** What is so whichever of several cases is the real one. */
export function whichever(cases: Iterable<Truth>): Truth {
  let result: Truth | undefined
  for (const one of cases) {
    if (result === undefined) result = one
    else if (result !== one) return null
  }
  return result ?? null
}
