import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { probesOf, recordScript, verifiedKernels, type Probe } from '@devtrail/linux-trace'
import { BTF_BYTES_MAX, kernelOfBtf, type Kernel } from '../kernel/of-btf.ts'
import { table } from '../print/table.ts'
import { plural } from '@devtrail/survey'
import { examples, type Cli } from './command.ts'
import { exit, Failure } from '../session/failure.ts'
import type { Session } from '../session/session.ts'

interface Options {
  readonly print?: boolean
  readonly btf?: string
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    const bytes = path === '-' ? await buffer(process.stdin) : await readFile(path)
    if (bytes.length > BTF_BYTES_MAX) throw new Failure(exit.damaged, `${path} has ${bytes.length} bytes; no kernel's BTF is that large`)
    return bytes
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(exit.damaged, `cannot read ${path}: ${(error as Error).message}; copy /sys/kernel/btf/vmlinux of the machine there`, {
      cause: error,
    })
  }
}

const placeOf = ({ module, symbol }: Probe): string => (module === null ? symbol : `${module}:${symbol}`)

async function show(session: Session, kernel: Kernel): Promise<void> {
  const probes = probesOf(kernel)
  const { release, btf, isVerified, like, offsets, parameters } = kernel
  if (session.json) {
    await session.printJson({ schemaVersion: 1, release, btf, verified: isVerified, like, offsets, parameters, probes })
    return
  }
  const rows = probes.map((probe) => [
    `${probe.isReturn ? 'r' : 'p'} ${probe.event}`,
    placeOf(probe),
    probe.without.length === 0 ? '' : session.style.warn(`without ${probe.without.join(', ')}`),
  ])
  const told = isVerified
    ? `Linux ${release}, which was recorded and checked`
    : `a kernel that was not recorded before (BTF ${btf})${like === null ? '' : `, whose structures lie as in ${like}`}`
  await session.print(
    `${told}; ${plural(probes.length, 'probe')}\n\n${table([{ title: 'probe' }, { title: 'function' }, { title: '' }], rows, session.style.dim)}\n${table(
      [{ title: 'member' }, { title: 'byte', align: 'right' }],
      Object.entries(offsets).map(([path, offset]) => [path, String(offset)]),
      session.style.dim,
    )}`,
  )
}

export function recordCommand({ program, runAlone }: Cli): void {
  program
    .command('record')
    .summary('print a script that records a stock kernel')
    .description(
      'Prints a POSIX shell script that records device memory on a stock kernel through tracefs. Without --btf it knows the kernels that were checked, and refuses any other; with the BTF of a kernel it is made for that one. Without --print: says what the BTF tells.',
    )
    .option('--print', 'print the script')
    .option('--btf <FILE>', "the kernel's /sys/kernel/btf/vmlinux; - for stdin")
    .addHelpText(
      'after',
      examples(
        ['devtrail record --print > record.sh', 'for the kernels that were checked'],
        ['ssh box cat /sys/kernel/btf/vmlinux | devtrail record --print --btf - > record.sh', 'for that very kernel'],
        ['devtrail record --btf vmlinux', 'what could be recorded of it'],
      ),
    )
    .action(
      runAlone<Options>(async (session, { print, btf }) => {
        if (print !== true && btf === undefined)
          throw new Failure(exit.usage, 'name what to do: --print for the script, --btf FILE for what a kernel tells, or both')
        const kernel = btf === undefined ? null : kernelOfBtf(await bytesOf(btf))
        if (print !== true) await show(session, kernel!)
        else await session.print(recordScript(kernel === null ? verifiedKernels : [kernel]))
        return exit.fine
      }),
    )
}
