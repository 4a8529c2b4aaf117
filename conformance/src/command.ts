import { runSequence, type Divergence } from './run-sequence.ts'
import type { Subsystem } from './sequence.ts'
import { sequencesOf, vectorFiles } from './vector-files.ts'

export interface Streams {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const USAGE = 'usage: pnpm conformance DIR (a folder with *.jsonl or *.jsonl.gz vector files)\n'

/** How many divergences are printed at length. */
export const printed = 20

/**
 * `pnpm conformance DIR`: every sequence of every vector file in DIR. Returns the exit code: 0 when ours answers as the
 * kernel did, 1 when it does not, 2 for a wrong use or a file that cannot be read, 3 when there is no sequence.
 */
export async function conformanceCommand(
  subsystems: Readonly<Record<string, Subsystem>>,
  args: readonly string[],
  { out, err }: Streams,
): Promise<number> {
  const folder = args[0]
  if (args.includes('--help') || args.includes('-h')) {
    out(USAGE)
    return 0
  }
  if (folder === undefined || args.length > 1 || folder.startsWith('-')) {
    err(USAGE)
    return 2
  }
  let [sequences, operations, divergences] = [0, 0, 0]
  try {
    for (const file of await vectorFiles(folder)) {
      for await (const sequence of sequencesOf(file)) {
        const subsystem = Object.hasOwn(subsystems, sequence.subsystem) ? subsystems[sequence.subsystem] : undefined
        if (subsystem === undefined)
          throw new Error(`${file}: ${sequence.id} is of subsystem ${sequence.subsystem}; known are ${Object.keys(subsystems).join(', ')}`)
        const { operations: ran, divergence } = runSequence(subsystem, sequence)
        sequences += 1
        operations += ran
        if (divergence === undefined) continue
        divergences += 1
        if (divergences <= printed) out(describe(divergence))
      }
    }
  } catch (error) {
    err(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
  if (divergences > printed) out(`… and ${divergences - printed} more\n`)
  out(`conformance: ${sequences} sequences, ${operations} operations, ${divergences} divergences\n`)
  if (sequences === 0) return 3
  return divergences > 0 ? 1 : 0
}

function describe({ sequence, operation, call, expected, got }: Divergence): string {
  return `${sequence}, operation ${operation}: ${call}\n  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(got)}\n`
}
