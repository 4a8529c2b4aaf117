/** Names for two logs beside each other. */
import { resolve, sep } from 'node:path'

const ofParts = (parts: readonly string[], depth: number): string => parts.slice(-depth).join('/')

/**
 * What two logs are called beside each other: as each is called (`names`), or, where that is the same, with as many of the
 * folders around it (`given`: the paths) as tell them apart.
 */
export function namesApart(names: readonly [string, string], given: readonly [string, string]): readonly [string, string] {
  if (names[0] !== names[1]) return names
  const [a, b] = given.map((path) => resolve(path).split(sep)) as [string[], string[]]
  for (let depth = 1; depth <= Math.max(a.length, b.length); depth++) {
    const [here, there] = [ofParts(a, depth), ofParts(b, depth)]
    if (here !== there) return [here, there]
  }
  return names
}
