/** What a README shows of an output: `[…]` stands for lines left out, and `…` at the end of a line for the rest of it. */

const OMITTED = '[…]'

/** The lines between those left out: the first piece is at the start, the last at the end, unless `[…]` stands there. */
function pieces(lines: readonly string[]): string[][] {
  const all: string[][] = [[]]
  for (const line of lines) {
    if (line === OMITTED) all.push([])
    else all.at(-1)!.push(line)
  }
  return all
}

const fits = (shown: string, actual: string | undefined): boolean =>
  shown === actual || (shown.endsWith('…') && actual?.startsWith(shown.slice(0, -1)) === true)

/** The output with lines left out where a README leaves them out: equal to what it shows when that still fits. */
export function aligned(shown: readonly string[], actual: readonly string[]): string[] {
  const all = pieces(shown)
  const result: string[] = []
  let at = 0
  for (const [i, piece] of all.entries()) {
    const last = i === all.length - 1
    const middle = (): number => actual.findIndex((_, from) => from >= at && piece.every((line, n) => fits(line, actual[from + n])))
    const from = i === 0 ? 0 : Math.max(at, last ? actual.length - piece.length : middle())
    at = last && i === 0 ? actual.length : from + piece.length
    if (i > 0) result.push(OMITTED)
    result.push(...actual.slice(from, at).map((line, n) => (piece[n] !== undefined && fits(piece[n], line) ? piece[n] : line)))
  }
  return result
}

/** Lines of a README are cut at this width. */
const WIDTH = 130
const cut = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line)

/** What a README would show of this output: as many lines at the start and at the end as it shows now. */
export function renewed(shown: readonly string[], actual: readonly string[]): string[] {
  const all = pieces(shown)
  if (all.length === 1) return actual.map(cut)
  if (all.length > 2) throw new Error('lines are left out in several places: cut this block anew by hand')
  const [head, tail] = all as [string[], string[]]
  return [...actual.slice(0, head.length).map(cut), OMITTED, ...(tail.length === 0 ? [] : actual.slice(-tail.length).map(cut))]
}
