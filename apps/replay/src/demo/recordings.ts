import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { exit, Failure } from '../session/failure.ts'

/** The recordings the demo tells of. */
export const DEMO_RECORDINGS = { crash: 'fsdax-pinned-unbind', twin: 'fsdax-splice', hang: 'fsdax-truncate-hang' } as const

const HERE = import.meta.dirname
const SET = join('recordings', 'linux-6.1')

/** Where the recordings lie: in the package, or in the checkout it was built in. */
export function recordingsFolder(from: string = HERE): { folder: string; checkout: boolean } {
  for (let at = from, up = 0; up < 6; up++, at = dirname(at)) {
    const folder = join(at, SET)
    if (existsSync(folder)) return { folder, checkout: existsSync(join(at, 'pnpm-workspace.yaml')) }
  }
  throw new Failure(
    exit.damaged,
    `the demo's recordings (${SET}) are not beside this devtrail; run the demo from a checkout of its repository`,
  )
}

/** A path as somebody in the current folder would type it. */
export const asTyped = (path: string): string => {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
