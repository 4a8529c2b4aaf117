/** How much of an expression an error shows on each side of its place. */
const SHOWN = 60

/** An expression that cannot be read, or that asks for what there is not; `at` is the place of the character, from 0. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly problem: string
  readonly at: number

  constructor(problem: string, source: string, at: number) {
    const from = Math.max(0, at - SHOWN)
    const to = Math.min(source.length, at + SHOWN)
    const head = from > 0 ? '…' : ''
    // A line break would put the mark under another line.
    const shown = source.slice(from, to).replaceAll(/\s/g, ' ')
    super(`${problem}\n  ${head}${shown}${to < source.length ? '…' : ''}\n  ${' '.repeat(head.length + at - from)}^`)
    this.problem = problem
    this.at = at
  }
}
