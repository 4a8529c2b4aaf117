// Runs the benches of every package (packages/*/bench/*.bench.ts), one after the other, each in a process of its own.
//
//   pnpm bench [NAME…] [--json FILE] [--rounds N]
//
// NAME: only figures whose name contains it. FILE gets an array of figures; "-" is stdout, the tables then go to stderr.
// A goal that is missed is a figure, not a failure: exit 1 only when a bench could not be measured, 2 on wrong usage.
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { NoSuchBenchError, measuredApart, selected, summaryOf, tableOf, type Bench, type Figure } from '../packages/bench/src/index.ts'

const root = join(import.meta.dirname, '..')
const USAGE = 'usage: pnpm bench [NAME…] [--json FILE] [--rounds N]'
const ROUNDS = 11

interface Wanted {
  readonly names: readonly string[]
  readonly json: string | null
  readonly rounds: number
}

/** @throws Error on wrong usage. */
function wantedOf(args: readonly string[]): Wanted {
  const options = { json: { type: 'string' }, rounds: { type: 'string', default: String(ROUNDS) } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const rounds = Number(values.rounds)
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= 1000)) throw new Error(`--rounds is a number from 1 to 1000`)
  return { names: positionals, json: values.json ?? null, rounds }
}

/** Every bench, and the file it is in. */
async function benchesOf(folder: string): Promise<ReadonlyMap<Bench, string>> {
  const found = new Map<Bench, string>()
  for (const file of globSync('{packages,apps}/*/bench/*.bench.ts', { cwd: folder }).toSorted()) {
    const path = join(folder, file)
    const { benches } = (await import(pathToFileURL(path).href)) as { readonly benches: readonly Bench[] }
    for (const bench of benches) found.set(bench, path)
  }
  return found
}

async function run({ names, json, rounds }: Wanted): Promise<void> {
  const benches = await benchesOf(root)
  const out = json === '-' ? process.stderr : process.stdout
  const figures: Figure[] = []
  const save = (): void => {
    if (json !== null && json !== '-') writeFileSync(json, `${JSON.stringify(figures, null, 2)}\n`)
  }
  const chosen = selected([...benches.keys()], names)
  save()
  for (const { bench, peers } of chosen) {
    try {
      const measured = await measuredApart(benches.get(bench)!, { bench, peers }, { rounds })
      figures.push(...measured)
      save()
      out.write(`${tableOf(bench, measured)}\n`)
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`)
      process.exitCode = 1
    }
  }
  out.write(summaryOf(figures))
  if (json === '-') process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
}

let wanted: Wanted | null = null
try {
  wanted = wantedOf(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${USAGE}\n`)
  process.exitCode = 2
}
if (wanted !== null) {
  await run(wanted).catch((error: unknown) => {
    if (!(error instanceof NoSuchBenchError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  })
}
