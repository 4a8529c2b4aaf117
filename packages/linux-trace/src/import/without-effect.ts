/** Tracepoints that say what happens to the mapping of files, not to the lifetime of pages. */
const DAX = /^dax_(?:pmd|pte|insert|load|writeback|layout)_?\w*$/
/** What tracers and trace options add: which function was called, and from where. */
const CALLS: ReadonlySet<string> = new Set(['function', 'kernel_stack', 'user_stack'])

/** Entries that change nothing, which are kept as they are. */
export class WithoutEffect {
  readonly #counts = new Map<string, number>()
  readonly #unknown = new Set<string>()

  /** `known`: entries of a function that has a meaning here, but not at this edge. */
  count(event: string, n: number, known: boolean): void {
    this.#counts.set(event, (this.#counts.get(event) ?? 0) + n)
    if (!known && !DAX.test(event) && !CALLS.has(event)) this.#unknown.add(event)
  }

  /** How many there are of each event, by its name. */
  get counts(): { [event: string]: number } {
    return Object.fromEntries([...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The events among them that nobody knows. */
  get unknown(): string[] {
    return [...this.#unknown].toSorted()
  }
}
