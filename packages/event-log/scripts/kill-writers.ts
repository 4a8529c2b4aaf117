/** Kills thousands of writers: `pnpm --filter @devtrail/event-log kills [--kills N] [--seed S] [--at-once N]`. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundledChild, killWriters, newTally } from '../src/file/killed-writer.test-support.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '2' },
  },
})
const [kills, seed, atOnce] = [Number(values.kills), Number(values.seed), Number(values['at-once'])]

const root = await mkdtemp(join(tmpdir(), 'devtrail-kills-'))
const child = await bundledChild()
const tally = newTally()
const start = performance.now()
const seconds = (): string => ((performance.now() - start) / 1000).toFixed(0)
const progress = setInterval(() => console.log(`${tally.kills} kills in ${seconds()} s`), 30_000)
try {
  const share = Math.ceil(kills / atOnce)
  await Promise.all(Array.from({ length: atOnce }, (_, i) => killWriters(root, child.path, share, seed * 1000 + i, tally)))
  const { torn, cut, starting, creating, unfinished, events } = tally
  console.log(
    `${tally.kills} kills in ${seconds()} s: ${starting} before the writer could be used, ${creating} before there was a log; ` +
      `${torn} torn tails, ${cut} cut and reported by the next writer; ${unfinished} segments and folders left unfinished; ${events} events found, none missing`,
  )
} finally {
  clearInterval(progress)
  await child.remove()
  await rm(root, { recursive: true, force: true })
}
