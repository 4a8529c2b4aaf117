/** A sequence of operations as a vector file has it, one JSON object a line, and what it means to be held against one. */

/** One operation: what is called, with what, and what the kernel answered (`ret`, the state after it, `log`, `warn`, …). */
export interface Operation {
  readonly op: string
  readonly args: Readonly<Record<string, unknown>>
  readonly [answer: string]: unknown
}

export interface Sequence {
  readonly subsystem: string
  readonly id: string
  readonly title?: string
  readonly ops: readonly Operation[]
  readonly [head: string]: unknown
}

/** What ours answers to an operation, under the names the vector files use. Undefined and left out are the same. */
export type Answer = Readonly<Record<string, unknown>>

/** Builds the fixture of one sequence; what it returns is called with each operation in turn. */
export type Subsystem = (sequence: Sequence) => (operation: Operation) => Answer

/** An operation whose name or argument nobody knows: it is reported, never skipped. */
export class UnknownOperation extends Error {
  override readonly name = 'UnknownOperation'
}
