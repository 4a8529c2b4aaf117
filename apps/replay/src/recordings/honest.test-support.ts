/** Whether a state claims no more than another one allows: the order of the knowledge lattice, over the JSON of states. */
import type { Json } from '@devtrail/events'

type Bag = { readonly [key: string]: Json }

/** Numbers of events differ between a recording and the same one with a gap; nothing is claimed by them. */
const NUMBERS = new Set(['addedAt', 'seq', 'since', 'learntAt', 'first', 'last'])

const isBag = (v: Json | undefined): v is Bag => typeof v === 'object' && v !== null && !Array.isArray(v)
const isBound = (v: Json | undefined): v is { atLeast: number; atMost: number | null } => isBag(v) && 'atLeast' in v
const isList = (v: Json | undefined): v is { known: readonly Json[]; complete: boolean; possible?: readonly Json[] } =>
  isBag(v) && Array.isArray(v['known'])

/** What identifies an element of a list. */
function identity(v: Json): string {
  if (!isBag(v)) return JSON.stringify(v)
  for (const key of ['node', 'id', 'pfn']) if (typeof v[key] === 'string') return `${key}:${v[key]}`
  return JSON.stringify([v['start'], v['end'], v['name']])
}

/** Runs of pages are cut differently where knowledge differs: compare page by page. */
function pages(list: readonly Json[]): Json[] {
  return list.flatMap((v) => {
    if (!isBag(v) || typeof v['pfn'] !== 'string') return [v]
    const stride = 2 ** Number(v['order'] ?? 0)
    const length = isBound(v['pages']) ? v['pages'].atLeast : Number(v['pages']) / stride
    const each: Json = isBound(v['pages']) ? { atLeast: 1, atMost: null } : stride
    return Array.from({ length }, (_, i) => ({ ...v, pfn: `0x${(Number(v['pfn']) + i * stride).toString(16)}`, pages: each }))
  })
}

/** Every claim that the truth does not bear out, as paths; none when the claim is honest. */
export function overclaims(claim: Json | undefined, truth: Json | undefined, path = ''): string[] {
  // The word of outcomes and reasons that nothing told.
  if (claim === null || claim === undefined || claim === 'unknown') return []
  const wrong = (): string[] => [
    `${path}: claims ${JSON.stringify(claim)?.slice(0, 200)}, the whole recording says ${JSON.stringify(truth)?.slice(0, 200)}`,
  ]
  if (isBound(claim)) {
    const lo = isBound(truth) ? truth.atLeast : typeof truth === 'number' ? truth : null
    const hi = isBound(truth) ? (truth.atMost ?? Infinity) : typeof truth === 'number' ? truth : null
    return lo === null || hi === null || lo < claim.atLeast || hi > (claim.atMost ?? Infinity) ? wrong() : []
  }
  if (isList(claim)) {
    if (!isList(truth)) return wrong()
    const real = [...pages(truth.known), ...pages(truth.possible ?? [])]
    const found: string[] = []
    const claimed = pages(claim.known)
    for (const element of claimed) {
      const same = real.filter((t) => identity(t) === identity(element))
      if (same.length === 0) found.push(`${path}: claims ${JSON.stringify(element).slice(0, 200)}, which the whole recording does not have`)
      else if (!same.some((t) => overclaims(element, t).length === 0))
        found.push(...overclaims(element, same[0], `${path}[${identity(element)}]`))
    }
    if (claim.complete) {
      const all = new Set([...claimed, ...pages(claim.possible ?? [])].map(identity))
      for (const t of pages(truth.known))
        if (!all.has(identity(t))) found.push(`${path}: claims to be complete without ${JSON.stringify(t).slice(0, 200)}`)
    }
    return found
  }
  if (Array.isArray(claim)) return JSON.stringify(claim) === JSON.stringify(truth) ? [] : wrong()
  if (isBag(claim)) {
    if (!isBag(truth)) return wrong()
    // Who of several holders is named first depends on what was seen of them: any of them is right.
    const holders = [truth['takenBy'], ...(Array.isArray(truth['holders']) ? (truth['holders'] as Json[]) : [])].filter(isBag)
    const taker = claim['takenBy']
    if (isBag(taker) && holders.some((h) => h['pid'] === taker['pid'])) {
      const { takenBy: _, holders: __, kind: ___, ...rest } = claim
      return overclaims(rest, truth, path)
    }
    return Object.entries(claim).flatMap(([key, value]) => (NUMBERS.has(key) ? [] : overclaims(value, truth[key], `${path}.${key}`)))
  }
  return claim === truth ? [] : wrong()
}
