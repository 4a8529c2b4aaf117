/**
 * What the pointers in records of `devres_log` stand for. On 6.1 they hold the operation and the name of the release
 * function as addresses of strings that are not in the file; how they are used over the whole recording tells which is which.
 */
export type DevresOp = 'ADD' | 'REM' | 'REL' | 'REPLACE'

/** What a task did, as far as it helps. */
export type Clue =
  | { readonly kind: 'devres'; readonly op: string; readonly node: string; readonly name: string; readonly size: number }
  | { readonly kind: 'release-all' | 'release-region' | 'pagemap-release' | 'region-granted' }
  | { readonly kind: 'release-all-ended'; readonly count: number }

interface Usage {
  total: number
  afterGrant: number
  afterRegionRelease: number
  beforeRegionRelease: number
  beforePagemapRelease: number
}

interface Task {
  /** Entries of each operation in the releases under way, group markers left out. */
  readonly releases: Map<string, number>[]
  /** The last thing it did that is a clue to the next. */
  last: 'grant' | 'region-release' | Usage | null
}

/** Gathers what shows how the pointers are used. */
export class DevresRoles {
  readonly #tasks = new Map<number, Task>()
  readonly #ops = new Set<string>()
  readonly #lastOp = new Map<string, string>()
  /** `first second`: an operation on a node, and the one after it on the same node. */
  readonly #pairs = new Set<string>()
  /** How many releases had just as many entries of an operation as they say they released. */
  readonly #matches = new Map<string, number>()
  /** By operation, by name. */
  readonly #usage = new Map<string, Map<string, Usage>>()

  see(pid: number, clue: Clue): void {
    let task = this.#tasks.get(pid)
    if (task === undefined) this.#tasks.set(pid, (task = { releases: [], last: null }))
    switch (clue.kind) {
      case 'devres':
        this.#devres(task, clue)
        return
      case 'release-all':
        task.releases.push(new Map())
        return
      case 'release-all-ended':
        this.#ended(task.releases.pop(), clue.count)
        return
      case 'region-granted':
        task.last = 'grant'
        return
      default:
        if (task.last !== null && typeof task.last === 'object') {
          if (clue.kind === 'release-region') task.last.beforeRegionRelease++
          else task.last.beforePagemapRelease++
        }
        task.last = clue.kind === 'release-region' ? 'region-release' : null
    }
  }

  #devres(task: Task, { op, node, name, size }: Clue & { kind: 'devres' }): void {
    this.#ops.add(op)
    const counts = task.releases.at(-1)
    if (size > 0) counts?.set(op, (counts.get(op) ?? 0) + 1)
    const before = this.#lastOp.get(node)
    if (before !== undefined) this.#pairs.add(`${before} ${op}`)
    this.#lastOp.set(node, op)
    const usage = this.#usageOf(op, name)
    usage.total++
    if (task.last === 'grant') usage.afterGrant++
    if (task.last === 'region-release') usage.afterRegionRelease++
    task.last = usage
  }

  #usageOf(op: string, name: string): Usage {
    let names = this.#usage.get(op)
    if (names === undefined) this.#usage.set(op, (names = new Map()))
    let usage = names.get(name)
    if (usage === undefined)
      names.set(name, (usage = { total: 0, afterGrant: 0, afterRegionRelease: 0, beforeRegionRelease: 0, beforePagemapRelease: 0 }))
    return usage
  }

  #ended(counts: ReadonlyMap<string, number> | undefined, count: number): void {
    if (counts === undefined || count <= 0) return
    for (const [op, n] of counts) if (n === count) this.#matches.set(op, (this.#matches.get(op) ?? 0) + 1)
  }

  /** How many operations there are. */
  get count(): number {
    return this.#ops.size
  }

  /** What each operation's pointer stands for, as far as that is certain. */
  ops(): Map<string, DevresOp> {
    const found = new Map<string, DevresOp>()
    const [best, second] = [...this.#matches].toSorted(([, a], [, b]) => b - a)
    if (best === undefined || (second !== undefined && second[1] * 2 > best[1])) return found
    const [rel] = best
    found.set(rel, 'REL')
    const others = [...this.#ops].filter((op) => op !== rel)
    const released = others.filter((op) => this.#pairs.has(`${op} ${rel}`))
    const granted = others.filter((op) => [...(this.#usage.get(op)?.values() ?? [])].some((u) => u.afterGrant > 0))
    const first = released.length > 0 ? released.filter((op) => !released.some((o) => o !== op && this.#pairs.has(`${o} ${op}`))) : granted
    if (first.length !== 1) return found
    const [add] = first as [string]
    found.set(add, 'ADD')
    for (const op of others) {
      if (op === add || !(this.#pairs.has(`${add} ${op}`) || this.#pairs.has(`${op} ${add}`))) continue
      found.set(op, this.#pairs.has(`${op} ${rel}`) ? 'REPLACE' : 'REM')
    }
    const unknown = others.filter((op) => !found.has(op))
    const taken = new Set(found.values())
    // devm_release_region takes the record off right after it has released the region.
    if (unknown.length === 1 && !taken.has('REM')) {
      const usages = [...(this.#usage.get(unknown[0]!)?.values() ?? [])]
      if (usages.some((u) => u.afterRegionRelease > 0)) found.set(unknown[0]!, 'REM')
    }
    return found
  }

  /** The functions that names of a known use must be. */
  names(ops: ReadonlyMap<string, DevresOp>): Map<string, string> {
    const names = new Map<string, { region: boolean; other: boolean; action: boolean }>()
    for (const [op, usages] of this.#usage) {
      const what = ops.get(op)
      if (what === undefined) continue
      for (const [name, usage] of usages) {
        let seen = names.get(name)
        if (seen === undefined) names.set(name, (seen = { region: false, other: false, action: false }))
        const regions = what === 'ADD' ? usage.afterGrant : what === 'REL' ? usage.beforeRegionRelease : usage.afterRegionRelease
        if (regions === usage.total) seen.region = true
        else seen.other = true
        if (what === 'REL' && usage.beforePagemapRelease > 0) seen.action = true
      }
    }
    const found = new Map<string, string>()
    for (const [name, { region, other, action }] of names) {
      if (region && !other) found.set(name, 'devm_region_release')
      else if (action) found.set(name, 'devm_action_release')
    }
    return found
  }
}
