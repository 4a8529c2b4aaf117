import type { Mend } from '@devtrail/nvdimm-pmem/btt'
import { number, plural } from '@devtrail/survey'
import { openImage, type RangeOptions } from '../../pmem/image.ts'
import { judged, repaired, type Judged } from '../../pmem/mend.ts'
import { verdictOf, type Verdict } from '../../pmem/verdict.ts'
import { examples, type Cli } from '../command.ts'
import { exit, Failure, type ExitCode } from '../../session/failure.ts'
import type { Session } from '../../session/session.ts'
import { IMAGE, withRange } from './options.ts'

interface Options extends RangeOptions {
  readonly strict?: boolean
  readonly repair?: boolean
  readonly force?: boolean
}

/** Pending writes, and what was put right, that are listed for a person. */
const LISTED_MAX = 8

function codeOf(verdict: Verdict, { result, isBtt, isCut }: Judged, strict: boolean): ExitCode {
  if (verdict === 'clean') return exit.fine
  if (verdict === 'recovery-pending') return strict ? exit.no : exit.fine
  // What was cut, or an arena that cannot even be looked at, is damage; the rest is the answer "no".
  if (isCut) return exit.damaged
  return isBtt && result.faults.some(({ kind }) => kind === 'info') ? exit.damaged : exit.no
}

async function list<T>(session: Session, all: readonly T[], line: (one: T) => string): Promise<void> {
  for (const one of all.slice(0, LISTED_MAX)) await session.print(`${line(one)}\n`)
  if (all.length > LISTED_MAX) await session.print(`         and ${all.length - LISTED_MAX} more\n`)
}

async function show(session: Session, { result, mends, isBtt }: Judged, verdict: Verdict, isRepair: boolean): Promise<void> {
  const { style } = session
  const { faults, more, pending, arenas } = result
  if (isRepair) await list(session, mends, ({ arena, at, says }) => `${style.good('repaired')} arena ${arena}, byte ${at}: ${says}`)
  for (const { arena, at, says } of faults) {
    const where = isBtt ? `arena ${arena}, byte ${at}` : `byte ${at}`
    await session.print(`${style.bad('broken')}   ${where}: ${says}\n`)
  }
  if (more > 0) await session.print(`         and ${more} more like these\n`)
  await list(
    session,
    pending,
    ({ arena, lane, lba, old, new: block }) =>
      `${style.warn('pending')}  arena ${arena}, lane ${lane}: sector ${lba} is to go from block ${old} to block ${block}`,
  )
  const held = arenas.map(({ sectors, untouched, zero, error }) => {
    const bad = [...(zero > 0 ? [`${number(zero)} zeroed`] : []), ...(error > 0 ? [`${number(error)} failing`] : [])]
    return `${plural(sectors, 'sector')}, ${number(sectors - untouched - zero - error)} of them written${bad.map((b) => `, ${b}`).join('')}`
  })
  const says = {
    clean: style.good('clean'),
    'recovery-pending': `${style.good('consistent')} after recovery, which has ${plural(pending.length, 'committed write')} to complete`,
    broken: plural(faults.length + more, 'fault'),
  }[verdict]
  await session.print(`${says}${held.length > 0 ? `: ${held.join('; ')}` : ''}\n`)
}

/** What a person may do about it. */
function advise(session: Session, { result, mends, isBtt }: Judged, verdict: Verdict, isRepair: boolean): void {
  if (isRepair && result.faults.some(({ kind }) => kind === 'error-flag'))
    session.note('the error flag of an info block was left as it was: a repair does not know whether what set it is gone')
  if (isRepair && mends.length === 0)
    session.note(verdict !== 'broken' || isBtt ? 'nothing to repair' : 'only a BTT has its info blocks, and its last writes, twice')
  const mendable = mends.filter(({ kind }) => kind !== 'map').length
  if (!isRepair && mendable > 0) session.note(`--repair puts ${plural(mendable, 'of these', 'of these')} right`)
  if (verdict === 'broken' && isBtt && (isRepair || mendable === 0))
    session.note('what is broken cannot be put right: nothing on the media tells how it was')
}

const mendJson = ({ arena, kind, at, says, replaces }: Mend): object => ({ arena, kind, at, says, replaces })

export function pmemCheckCommand({ program, run }: Cli): void {
  withRange(program.command('check'))
    .summary('whether map, log and superblocks are consistent; --repair')
    .description(
      'Checks what ndctl check-namespace checks, and tells all that it finds: info blocks and their copies, logs, map, and that each block is one sector’s or free. Changes nothing without --repair. Exits 1 when something is broken, 3 when the superblock is missing or damaged or the image was cut; writes that recovery completes are no fault.',
    )
    .argument('<IMAGE>', IMAGE)
    .option('--strict', 'exit 1 also when recovery has something to complete')
    .option(
      '--repair',
      'put right what is on the media twice: an info block by its copy, a copy by its info block, map entries of committed writes; then check. It may be cut off and repeated',
    )
    .option('--force', 'with --repair: put an info block back even over something else')
    .addHelpText(
      'after',
      examples(
        ['devtrail pmem check recordings/media/crash-a-4096.img.zst', ''],
        ['devtrail pmem check pmem0.img --json | jq .verdict', 'for a script'],
        ['devtrail pmem check pmem0.img --repair', 'as ndctl check-namespace --repair'],
      ),
    )
    .action(
      run<Options>(async (session, given, options) => {
        const isRepair = options.repair === true
        if (options.force === true && !isRepair) throw new Failure(exit.usage, '--force is for --repair: a check writes nothing')
        await using image = await openImage(given, session, options, { writable: isRepair, durable: isRepair })
        const found = isRepair ? repaired(image, options.force === true) : judged(image)
        const verdict = verdictOf(found.result)
        if (session.json) {
          const { faults, more, pending, arenas } = found.result
          const mends = { [isRepair ? 'repaired' : 'repairable']: found.mends.map(mendJson) }
          await session.printJson({ schemaVersion: 1, file: given, verdict, faults, more, pending, arenas, ...mends })
        } else await show(session, found, verdict, isRepair)
        advise(session, found, verdict, isRepair)
        if (found.refused !== null) session.note(found.refused)
        return codeOf(verdict, found, options.strict === true)
      }),
    )
}
