/** The command that runs the benches of all packages. */
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { measuredApart } from './apart.ts'
import type { Bench, Figure } from './bench.ts'
import { NoSuchBenchError, selected } from './select.ts'
import { summaryOf, tableOf } from './table.ts'

const USAGE = `usage: pnpm bench [NAME…] [--json FILE] [--rounds N]
  NAME      only figures whose name contains it
  --json    write an array of the figures, too; "-" is stdout, the tables then go to stderr
  --rounds  default 11
`
const ROUNDS = '11'
const ROUNDS_MAX = 1000

/** Where a command writes. */
export interface Streams {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

interface Wanted {
  readonly names: readonly string[]
  readonly json: string | null
  readonly rounds: number
}

/** Null is wrong usage, which was told. */
function wantedOf(args: readonly string[], { err }: Streams): Wanted | null {
  try {
    const options = { json: { type: 'string' }, rounds: { type: 'string', default: ROUNDS } } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const rounds = Number(values.rounds)
    if (Number.isInteger(rounds) && rounds >= 1 && rounds <= ROUNDS_MAX) return { names: positionals, json: values.json ?? null, rounds }
    err(`--rounds is a number from 1 to ${ROUNDS_MAX}; found ${values.rounds}\n`)
  } catch (error) {
    err(`${(error as Error).message}\n`)
  }
  err(USAGE)
  return null
}

/** Every bench below a folder, and the file it is in. */
async function benchesBelow(root: string): Promise<ReadonlyMap<Bench, string>> {
  const found = new Map<Bench, string>()
  for (const file of globSync('{packages,apps}/*/bench/*.bench.ts', { cwd: root }).toSorted()) {
    const path = join(root, file)
    const { benches } = (await import(pathToFileURL(path).href)) as { readonly benches: readonly Bench[] }
    for (const bench of benches) found.set(bench, path)
  }
  return found
}

/**
 * Runs the benches in `packages/*` and `apps/*` below `root`, one after the other, and prints their figures.
 * @returns the exit code: 0 also when goals are missed, 1 when a bench failed, 2 on wrong usage.
 * @throws the system's error when the JSON file cannot be written.
 */
export async function benchCommand(root: string, args: readonly string[], streams: Streams): Promise<number> {
  const wanted = wantedOf(args, streams)
  if (wanted === null) return 2
  const files = await benchesBelow(root)
  try {
    return await run(files, wanted, streams)
  } catch (error) {
    if (!(error instanceof NoSuchBenchError)) throw error
    streams.err(`${error.message}\n`)
    return 2
  }
}

async function run(files: ReadonlyMap<Bench, string>, { names, json, rounds }: Wanted, { out, err }: Streams): Promise<number> {
  const chosen = selected([...files.keys()], names)
  const print = json === '-' ? err : out
  const figures: Figure[] = []
  const text = (): string => `${JSON.stringify(figures, null, 2)}\n`
  const save = (): void => {
    if (json !== null && json !== '-') writeFileSync(json, text())
  }
  save()
  let code = 0
  for (const { bench, peers } of chosen) {
    try {
      const measured = await measuredApart(files.get(bench)!, { bench, peers }, { rounds })
      figures.push(...measured)
      print(`${tableOf(bench, measured)}\n`)
    } catch (error) {
      err(`${(error as Error).message}\n`)
      code = 1
    }
    save()
  }
  print(summaryOf(figures))
  if (json === '-') out(text())
  return code
}
