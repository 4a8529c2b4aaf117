import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundledChild, killWriters, newTally } from './killed-writer.test-support.ts'

/** For thousands see `pnpm --filter @devtrail/event-log kills`. */
const KILLS = Number(process.env['KILLS'] ?? 48)

let root: string
let child: Awaited<ReturnType<typeof bundledChild>>
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'devtrail-killed-'))
  child = await bundledChild()
})
afterAll(async () => {
  await child.remove()
  await rm(root, { recursive: true, force: true })
})

test(
  `writers killed ${KILLS} times lose nothing they acknowledged, and the next ones go on`,
  { timeout: 20_000 + KILLS * 5000 },
  async () => {
    const tally = newTally()
    await Promise.all([1, 2].map((seed) => killWriters(root, child.path, KILLS / 2, seed, tally)))
    expect(tally.kills).toBe(KILLS)
    expect(tally.starting).toBeGreaterThan(0)
    expect(tally.events).toBeGreaterThan(KILLS * 10)
  },
)
