/** What moved between two sets of versions, and from what to what. */
export function moved(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...after]
      .filter(([name, version]) => before.get(name) !== version)
      .map(([name, version]) => [name, `${before.get(name)} → ${version}`]),
  )
}

export type Level = 'major' | 'minor' | 'patch'

export function bumped(version: string, level: Level): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (level === 'major') return `${major + 1}.0.0`
  return level === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`
}

/** How packages hang together for a release. */
export interface House {
  readonly versions: ReadonlyMap<string, string>
  /** Of each package, those of the house that it depends on. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>
  /** Packages that always have one version. */
  readonly fixed: readonly (readonly string[])[]
}

/** Whether the next version lies outside of `^version`, so that whoever has that range has to move, too. */
export function leavesCaret(version: string, level: Level): boolean {
  if (level === 'major') return true
  const [major, minor] = version.split('.')
  return major === '0' && (level === 'minor' || minor === '0')
}

/**
 * The versions that must follow when one package changes: it and its fixed group by `level`; by a patch, whoever depends
 * on a version that its range does not have any more, however far; and no one else.
 */
export function expectedBumps(house: House, changed: string, level: Level): Map<string, string> {
  const group = house.fixed.find((names) => names.includes(changed)) ?? [changed]
  const levels = new Map<string, Level>(group.map((name) => [name, level]))
  const left = (name: string): boolean => levels.has(name) && leavesCaret(house.versions.get(name)!, levels.get(name)!)
  for (let grew = true; grew;) {
    grew = false
    for (const [name, dependencies] of house.dependencies) {
      if (levels.has(name) || !dependencies.some(left)) continue
      levels.set(name, 'patch')
      grew = true
    }
  }
  const moves = [...levels].map(([name, by]) => [name, `${house.versions.get(name)} → ${bumped(house.versions.get(name)!, by)}`] as const)
  return new Map(moves.toSorted(([a], [b]) => a.localeCompare(b)))
}
