/** Edits (insert, delete, replace, swap) that lead from one word to another. */
function distance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array.from({ length: b.length }, () => 0)])
  for (let j = 0; j <= b.length; j++) d[0]![j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, d[i - 2]![j - 2]! + 1)
      d[i]![j] = best
    }
  }
  return d[a.length]![b.length]!
}

/** How much of a word may be wrong for it still to be meant. */
const TOLERANCE = 0.4

/** The words somebody may have meant, best first, at most three. Also by the part behind a slash. */
export function closest(wanted: string, words: Iterable<string>): string[] {
  const cost = (word: string): number => {
    if (wanted.length > 2 && word.includes(wanted)) return 0
    const tail = word.slice(word.lastIndexOf('/') + 1)
    return Math.min(
      distance(wanted, word) / Math.max(wanted.length, word.length),
      distance(wanted, tail) / Math.max(wanted.length, tail.length),
    )
  }
  return [...new Set(words)]
    .map((word) => ({ word, cost: cost(word) }))
    .filter((w) => w.cost <= TOLERANCE)
    .toSorted((a, b) => a.cost - b.cost || a.word.localeCompare(b.word))
    .slice(0, 3)
    .map((w) => w.word)
}

/** `; did you mean a or b?`, or nothing. */
export function didYouMean(wanted: string, words: Iterable<string>): string {
  const found = closest(wanted, words)
  return found.length === 0 ? '' : `; did you mean ${found.join(' or ')}?`
}
