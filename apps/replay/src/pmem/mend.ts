/** What `--repair` puts right in an image, or would. */
import { checkBtt, planRepair, repairBtt, type BttChecked, type Mend, type RepairPlan } from '@devtrail/nvdimm-pmem/btt'
import { exit, Failure } from '../session/failure.ts'
import { goodSuperblock, type Image } from './image.ts'
import { refusedNote } from './served.ts'
import { checked, isCut, verdictOf } from './verdict.ts'

export interface Judged {
  readonly result: BttChecked
  /** What was put right, or, where nothing is written, what could be. */
  readonly mends: readonly Mend[]
  readonly isBtt: boolean
  /** Whether a pfn or dax image ends before its data do. */
  readonly isCut: boolean
  /** A note that a good pfn or dax superblock is none that Linux 6.1 takes. */
  readonly refused: string | null
}

/** A BTT, or what may have been one: only that is there twice. */
const mayBeBtt = ({ superblock }: Image): boolean => superblock === null || superblock.kind === 'btt' || superblock.problem !== null

const hasGoodSuperblock = ({ superblock }: Image): boolean => superblock !== null && superblock.problem === null

/** Checks an image, and says what could be put right. @throws Failure when there is no good superblock. */
export function judged(image: Image): Judged {
  if (!hasGoodSuperblock(image) && planRepair(image.medium) !== null) {
    const what = image.superblock === null ? 'it has no superblock' : 'its superblock is damaged'
    throw new Failure(
      exit.damaged,
      `${image.given}: ${what}, but it has been a BTT, whose second one is whole, and whose map and log agree with that: devtrail pmem check --repair puts it back`,
    )
  }
  const superblock = goodSuperblock(image)
  const isBtt = superblock.kind === 'btt'
  const result = checked(image, superblock)
  const mends = isBtt && verdictOf(result) !== 'clean' ? (planRepair(image.medium)?.mends ?? []) : []
  const isGood = !isBtt && verdictOf(result) === 'clean'
  const refused = isGood ? refusedNote(superblock.block, null, image.medium.size) : null
  return { result, mends, isBtt, isCut: isCut(superblock, image), refused }
}

/** Puts right what can be, and checks what is there then. @throws Failure when there is nothing to go by, or something else would be lost. */
export function repaired(image: Image, isForced: boolean): Judged {
  const plan = mayBeBtt(image) ? planRepair(image.medium) : null
  if (plan === null) return { ...judged(image), mends: [] }
  if (!isForced) assertNothingLost(image, plan)
  repairBtt(image.medium, plan)
  image.file.sync()
  return { result: checkBtt(image.medium, plan.start), mends: plan.mends, isBtt: true, isCut: false, refused: null }
}

function assertNothingLost({ given }: Image, { mends }: RepairPlan): void {
  const over = mends.find(({ kind, replaces }) => kind === 'info' && replaces === 'other')
  if (over === undefined) return
  throw new Failure(
    exit.usage,
    `${given}: at byte ${over.at}, where a BTT's info block was, something else is now. If the namespace has been in use as something else since, a repair destroys that: nothing was written; --force repairs all the same`,
  )
}
