import { checkBtt, type BttChecked } from '@devtrail/nvdimm-pmem/btt'
import { decodePfn, effective, pfnMode, type Infoblock } from '@devtrail/nvdimm-pmem/media'
import { goodSuperblock, openImage, type Image, type RangeOptions } from '../../pmem/image.ts'
import { plural } from '@devtrail/survey'
import { examples, type Cli } from '../command.ts'
import { exit, type ExitCode } from '../failure.ts'
import type { Session } from '../session.ts'
import { IMAGE, withRange } from './options.ts'

interface Options extends RangeOptions {
  readonly strict?: boolean
}

const PAGE = 4096
const VERSION_MINOR_MAX = 4
/** Pending writes that are listed for a person. */
const LISTED_MAX = 8

/** What of a pfn or dax superblock contradicts itself or the image. */
function faultsOf(superblock: Infoblock, { medium }: Image): BttChecked['faults'] {
  const sb = effective(decodePfn(superblock.block))
  const { startPad, endTrunc, dataoff, npfns, mode, align, versionMajor, versionMinor, pageSize, pageStructSize } = sb
  const start = startPad + dataoff
  const wrong: (string | false)[] = [
    (versionMajor !== 1 || versionMinor > VERSION_MINOR_MAX) && `version ${versionMajor}.${versionMinor} is not known`,
    mode !== pfnMode.RAM && mode !== pfnMode.PMEM && `mode ${mode} is neither RAM (1) nor PMEM (2)`,
    dataoff < 2 * PAGE && `the data begin at byte ${dataoff}, within the first 8 KiB`,
    align < PAGE || !Number.isInteger(Math.log2(align)) ? `the alignment, ${align}, is no power of two from 4096 on` : false,
    start + npfns * PAGE + endTrunc > medium.size && `the data end at byte ${start + npfns * PAGE}, of ${medium.size - endTrunc}`,
    npfns === 0 && 'there are no data',
    pageSize < PAGE && `pages of ${pageSize} bytes`,
    mode === pfnMode.PMEM &&
      start < 2 * PAGE + npfns * pageStructSize &&
      `${npfns} struct pages of ${pageStructSize} bytes do not fit before the data`,
  ]
  return wrong.filter((says) => says !== false).map((says) => ({ arena: 0, kind: 'info', at: superblock.at, says }))
}

function checked(image: Image): BttChecked {
  const superblock = goodSuperblock(image)
  if (superblock.kind === 'btt') return checkBtt(image.medium, superblock.at)
  return { faults: faultsOf(superblock, image), more: 0, pending: [], arenas: [] }
}

type Verdict = 'clean' | 'recovery-pending' | 'broken'

const verdictOf = ({ faults, pending }: BttChecked): Verdict =>
  faults.length > 0 ? 'broken' : pending.length > 0 ? 'recovery-pending' : 'clean'

function codeOf(verdict: Verdict, result: BttChecked, image: Image, strict: boolean): ExitCode {
  if (verdict === 'clean') return exit.fine
  if (verdict === 'recovery-pending') return strict ? exit.no : exit.fine
  // An arena that cannot even be looked at is damage; the rest is the answer "no".
  return image.superblock?.kind === 'btt' && result.faults.some(({ kind }) => kind === 'info') ? exit.damaged : exit.no
}

async function show(session: Session, image: Image, result: BttChecked, verdict: Verdict): Promise<void> {
  const { style } = session
  const { faults, more, pending, arenas } = result
  for (const { arena, at, says } of faults) {
    const where = image.superblock?.kind === 'btt' ? `arena ${arena}, byte ${at}` : `byte ${at}`
    await session.print(`${style.bad('broken')}   ${where}: ${says}\n`)
  }
  if (more > 0) await session.print(`         and ${more} more like these\n`)
  for (const { arena, lane, lba, old, new: block } of pending.slice(0, LISTED_MAX))
    await session.print(
      `${style.warn('pending')}  arena ${arena}, lane ${lane}: sector ${lba} is to go from block ${old} to block ${block}\n`,
    )
  if (pending.length > LISTED_MAX) await session.print(`         and ${pending.length - LISTED_MAX} more\n`)
  const held = arenas.map(({ sectors, untouched, zero, error }) => {
    const bad = [...(zero > 0 ? [`${zero} of zeros`] : []), ...(error > 0 ? [`${error} failing`] : [])]
    return `${plural(sectors, 'sector')}, ${plural(sectors - untouched, 'of them written', 'of them written')}${bad.map((b) => `, ${b}`).join('')}`
  })
  const says = {
    clean: style.good('clean'),
    'recovery-pending': `${style.good('consistent')} after recovery, which has ${plural(pending.length, 'committed write')} to complete`,
    broken: plural(faults.length + more, 'fault'),
  }[verdict]
  await session.print(`${says}${held.length > 0 ? `: ${held.join('; ')}` : ''}\n`)
}

export function pmemCheckCommand({ program, run }: Cli): void {
  withRange(program.command('check'))
    .summary('whether map, log and superblocks are consistent')
    .description(
      'Checks what ndctl check-namespace checks, and tells all that it finds: info blocks and their copies, logs, map, and that each block is one sector’s or free. Changes nothing. Exits 1 when something is broken, 3 when the superblock is missing or damaged or the image was cut; writes that recovery completes are no fault.',
    )
    .argument('<IMAGE>', IMAGE)
    .option('--strict', 'exit 1 also when recovery has something to complete')
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem check recordings/media/crash-a-4096.img.zst', ''],
        ['devtrail pmem check pmem0.img --json | jq .verdict', 'for a script'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        await using image = await openImage(given, session, options)
        const result = checked(image)
        const verdict = verdictOf(result)
        const code = codeOf(verdict, result, image, options.strict === true)
        if (session.json) {
          const { faults, more, pending, arenas } = result
          await session.printJson({ schemaVersion: 1, file: given, verdict, faults, more, pending, arenas })
        } else await show(session, image, result, verdict)
        return code
      }),
    )
}
