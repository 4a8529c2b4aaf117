import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const BUILT = /\.(?:js|d\.ts)(?:\.map)?$/

/**
 * What a build made of sources that are gone since: the compiler never takes its files back, and a package is all of its
 * `dist`. Paths from `dist`.
 */
export function deadBuildsOf(folder: string): string[] {
  const dist = join(folder, 'dist')
  if (!existsSync(join(folder, 'src')) || !existsSync(dist)) return []
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => BUILT.test(file))
    .filter((file) => ['.ts', '.tsx'].every((ending) => !existsSync(join(folder, 'src', file.replace(BUILT, ending)))))
    .toSorted()
}

/** Removes {@link deadBuildsOf}. Gives their number. */
export function removeDeadBuilds(folder: string): number {
  const dead = deadBuildsOf(folder)
  for (const file of dead) rmSync(join(folder, 'dist', file))
  return dead.length
}
