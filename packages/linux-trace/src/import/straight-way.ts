/**
 * The straight way of the entries that recordings have by the million: lookups of pagemaps and references on pages. From the
 * columns of a batch to events in numbers, without an object for any of them. It says what the handlers in `pages.ts` and
 * `pagemaps.ts` say of the same entries, and leaves to them whatever is unusual about one.
 */
import { EventRow } from '@devtrail/events'
import { covers, evolveMemremapRow, memoryType, memremapCatalogue, memremapPlaces, type Pagemap } from '@devtrail/memremap'
import type { EntryBatch } from '../entries/batch.ts'
import { pointerText } from '../entries/pointer-text.ts'
import type { RowTables } from '../entries/row.ts'
import type { ImportContext } from './context.ts'
import { isStale, pagemapAt } from './pagemaps.ts'
import { ownerOf } from './page-owner.ts'
import { hasGrabbed, kindOf, saneCount } from './pages.ts'
import { follFlagsOf } from '../kernel-version.ts'
import type { StraightPlan } from './straight-plan.ts'
import type { Task } from './tasks.ts'

const { declarations } = memremapCatalogue
const { lookupStarted: STARTED, lookedUp: LOOKED, grabStarted: GRAB, grabbed: GRABBED } = memremapPlaces
const NOTHING = Number.NaN
const PFN_MAX = 2 ** 40

/** A field's signed number; NaN where a double cannot hold it, or there is none. */
function signed({ words, at, form }: EntryBatch, row: number, slot: number): number {
  if (slot < 0) return NOTHING
  const place = at[row]! + slot
  const low = words[place]!
  const high = words[place + 1]!
  if (high === 0) return low
  const isNegative = ((form[row]! >>> (16 + (slot >> 1))) & 1) === 1
  const value = (isNegative ? high | 0 : high) * 2 ** 32 + low
  return Number.isSafeInteger(value) ? value : NOTHING
}

const orNull = (n: number): number | null => (n === n ? n : null)
const orNothing = (n: number | null): number => n ?? NOTHING

export class StraightWay {
  readonly #ctx: ImportContext
  readonly #sink: (row: EventRow) => boolean
  readonly #plans: readonly ({ readonly straight: StraightPlan | null } | undefined)[]
  readonly #lookupStarted = new EventRow('memremap/lookup-started', declarations['lookup-started'])
  readonly #lookedUp = new EventRow('memremap/looked-up', declarations['looked-up'])
  readonly #grabStarted = new EventRow('memremap/grab-started', declarations['grab-started'])
  readonly #grabbed = new EventRow('memremap/grabbed', declarations.grabbed)
  // The batch at hand.
  #batch!: EntryBatch
  #tables!: RowTables
  #goesOn = true
  // The pagemap at the pointer asked for last, which stays the same as long as nothing else is said.
  #high = 0
  #low = 0
  #pagemap: Pagemap | undefined
  /** Of the version of the kernel. */
  #rawFlags = -1
  #flags = 0
  /** What was looked up last through which pagemap. */
  #lookedPagemap = NOTHING
  #lookedPfn = NOTHING

  /** `plans`: by shape, once one of its hits was seen. `sink` takes each event, after the models, and says whether it takes more at once. */
  constructor(
    ctx: ImportContext,
    plans: readonly ({ readonly straight: StraightPlan | null } | undefined)[],
    sink: (row: EventRow) => boolean,
  ) {
    this.#ctx = ctx
    this.#plans = plans
    this.#sink = sink
  }

  /**
   * Goes on from a row as far as it can, and as long as nothing has to be waited for.
   * @returns how many rows it has done
   */
  go(batch: EntryBatch, tables: RowTables, from: number, to: number): number {
    this.#batch = batch
    this.#tables = tables
    this.#high = this.#low = 0
    this.#pagemap = undefined
    this.#goesOn = true
    const { item, shape } = batch
    let row = from
    while (this.#goesOn && row < to && item[row]! < 0) {
      const plan = this.#plans[shape[row]!]?.straight ?? null
      if (plan === null || !this.#take(plan, row)) break
      row++
    }
    if (row > from) this.#leave(batch.time[row - 1]!)
    return row - from
  }

  #leave(time: number): void {
    const ctx = this.#ctx
    if (this.#lookedPagemap === this.#lookedPagemap) ctx.lookedUp.set(this.#lookedPagemap, this.#lookedPfn)
    this.#lookedPagemap = NOTHING
    ctx.leave(time)
  }

  /** @returns false, with nothing done, when it is not as it usually is. */
  #take(plan: StraightPlan, row: number): boolean {
    const batch = this.#batch
    // Where it is not told, an event has none.
    if (this.#tables.contexts[batch.context[row]!] === '') return false
    const { pid, comm } = this.#tables.tasks[batch.task[row]!]!
    const task = this.#ctx.tasks.of(pid, batch.cpu[row]!, comm)
    switch (plan.what) {
      case 'lookup':
        return this.#lookUp(plan, row, task)
      case 'lookup-return':
        return this.#lookUpEnded(plan, row, task)
      case 'grab':
        return this.#grab(plan, row, task)
      case 'grab-return':
      default:
        return this.#grabEnded(plan, row, task)
    }
  }

  /** Says an event whose fields are filled in. @returns its number */
  #say(event: EventRow, row: number, plan: StraightPlan, cause: number): number {
    const batch = this.#batch
    const seq = this.#ctx.nextSeq()
    event.seq = seq
    event.entry = batch.number[row]!
    event.time = batch.time[row]!
    event.cpu = batch.cpu[row]!
    event.actor = this.#tables.tasks[batch.task[row]!]!
    event.context = this.#tables.contexts[batch.context[row]!]!
    event.source = plan.source
    event.where = plan.where
    event.cause = cause
    evolveMemremapRow(this.#ctx.memremap, event)
    if (!this.#sink(event)) this.#goesOn = false
    return seq
  }

  /** The innermost call of the task, as a cause. */
  #caller({ frames }: Task): number {
    return frames.length === 0 ? 0 : frames[frames.length - 1]!.seq
  }

  #lookUp(plan: StraightPlan, row: number, task: Task): boolean {
    const { words, at } = this.#batch
    const first = at[row]!
    const pfn = words[first + plan.pfn + 1]! * 2 ** 32 + words[first + plan.pfn]!
    const low = plan.cached < 0 ? 0 : words[first + plan.cached]!
    const high = plan.cached < 0 ? 0 : words[first + plan.cached + 1]!
    const { quick } = task
    quick.settle(task.frames, pointerText)
    const event = this.#lookupStarted
    const { low: lows, high: highs } = event
    lows[STARTED.pfn] = pfn >= PFN_MAX ? 0 : pfn
    lows[STARTED.cached] = high === 0 && low === 0 ? NOTHING : low
    highs[STARTED.cached] = high
    quick.seq = this.#say(event, row, plan, this.#caller(task))
    quick.symbol = plan.symbol
    quick.isLookup = true
    quick.pfn = lows[STARTED.pfn]!
    quick.cachedHigh = high
    quick.cachedLow = low
    return true
  }

  /** The live pagemap at a pointer. */
  #at(high: number, low: number): Pagemap | undefined {
    if (high === this.#high && low === this.#low) return this.#pagemap
    this.#high = high
    this.#low = low
    return (this.#pagemap = high === 0 && low === 0 ? undefined : pagemapAt(this.#ctx, pointerText(high, low)))
  }

  #lookUpEnded(plan: StraightPlan, row: number, task: Task): boolean {
    const { quick } = task
    if (quick.symbol !== plan.symbol) return false
    const { words, at } = this.#batch
    const place = at[row]! + plan.ret
    const low = words[place]!
    const high = words[place + 1]!
    const isNone = high === 0 && low === 0
    const p = this.#at(high, low)
    // One that is to be found first.
    if (!isNone && (p === undefined || (p.phase === null && isStale(this.#ctx, p)))) return false
    const event = this.#lookedUp
    const pfn = orNothing(quick.pfn)
    event.low[LOOKED.pfn] = pfn
    event.low[LOOKED.pagemap] = p === undefined ? NOTHING : p.id
    event.low[LOOKED.pointer] = isNone ? NOTHING : low
    event.high[LOOKED.pointer] = high
    event.low[LOOKED.fresh] = !isNone && (high !== quick.cachedHigh || low !== quick.cachedLow) ? 1 : 0
    task.looked = isNone ? null : quick.pfn
    quick.symbol = null
    if (p !== undefined) {
      if (this.#lookedPagemap !== p.id && this.#lookedPagemap === this.#lookedPagemap)
        this.#ctx.lookedUp.set(this.#lookedPagemap, this.#lookedPfn)
      this.#lookedPagemap = p.id
      this.#lookedPfn = pfn
    }
    this.#say(event, row, plan, quick.seq)
    return true
  }

  #grab(plan: StraightPlan, row: number, task: Task): boolean {
    const batch = this.#batch
    const { words, at } = batch
    const ctx = this.#ctx
    const first = at[row]!
    ctx.seeBase(words[first + plan.vmemmap + 1]!, words[first + plan.vmemmap]!)
    const low = words[first + plan.page]!
    const high = words[first + plan.page + 1]!
    const wordLow = plan.word < 0 ? 0 : words[first + plan.word]!
    const wordHigh = plan.word < 0 ? 0 : words[first + plan.word + 1]!
    const pfn = high === 0 && low === 0 ? null : ctx.pfnAt(high, low)
    const { quick } = task
    quick.settle(task.frames, pointerText)
    task.looked = null
    const refcount = signed(batch, row, plan.refcount)
    // Owner.
    let pagemap: Pagemap | undefined
    let head: number | null = null
    let byWord = false
    const hasWord = wordLow !== 0 || wordHigh !== 0
    const direct = pfn !== null && hasWord && (wordLow & 1) === 0 ? this.#at(wordHigh, wordLow) : undefined
    if (direct !== undefined) {
      if (covers(direct, pfn!) !== false && direct.removal === null) {
        pagemap = direct
        byWord = true
      }
    } else {
      const owner = ownerOf(ctx, pfn, hasWord ? pointerText(wordHigh, wordLow) : null, plan.word >= 0)
      pagemap = owner.pagemap
      head = owner.head
    }
    const raw = signed(batch, row, plan.flags)
    if (raw !== this.#rawFlags) {
      this.#rawFlags = raw
      this.#flags = follFlagsOf(orNull(raw), ctx.version) ?? 0
    }
    const flags = this.#flags
    const given = signed(batch, row, plan.refs)
    const refs = given === given ? given : 1
    const event = this.#grabStarted
    const { low: lows, high: highs } = event
    lows[GRAB.pfn] = orNothing(pfn)
    lows[GRAB.page] = low
    highs[GRAB.page] = high
    lows[GRAB.pagemap] = pagemap === undefined ? NOTHING : pagemap.id
    lows[GRAB.word] = hasWord ? wordLow : NOTHING
    highs[GRAB.word] = wordHigh
    lows[GRAB.refcount] = refcount
    lows[GRAB.refs] = refs
    lows[GRAB.flags] = flags
    lows[GRAB.folio] = plan.folio ? 1 : 0
    quick.seq = this.#say(event, row, plan, this.#caller(task))
    quick.symbol = plan.symbol
    quick.isLookup = false
    quick.pfn = pfn
    quick.pagemap = pagemap === undefined ? null : pagemap.id
    quick.before = head === null ? saneCount(orNull(refcount), pagemap, byWord) : null
    quick.refs = refs
    quick.kind = kindOf(flags)
    quick.head = head
    return true
  }

  #grabEnded(plan: StraightPlan, row: number, task: Task): boolean {
    const { quick } = task
    if (quick.symbol !== plan.symbol) return false
    const ctx = this.#ctx
    const { words, at } = this.#batch
    const place = at[row]! + plan.ret
    const low = words[place]!
    const high = words[place + 1]!
    if (!hasGrabbed(ctx, plan.symbol, low, high)) return false
    const { pfn, pagemap, before, head, kind, refs } = quick
    const type = pagemap === null ? null : (ctx.memremap.pagemaps.get(pagemap)?.type ?? null)
    // Their puts may go unseen, which is to be said, too.
    if (type !== null && type !== memoryType.FS_DAX) return false
    const event = this.#grabbed
    const { low: lows } = event
    lows[GRABBED.pfn] = orNothing(pfn)
    lows[GRABBED.pagemap] = orNothing(pagemap)
    lows[GRABBED.before] = orNothing(before)
    lows[GRABBED.head] = orNothing(head)
    lows[GRABBED.refs] = kind === null ? 0 : refs
    lows[GRABBED.kind] = kind === 'pin' ? 1 : 0
    lows[GRABBED.result] =
      plan.symbol === 'try_grab_folio' && ctx.coverage.grabsReturnErrno ? NOTHING : high === 0 && low === 0 ? NOTHING : low
    event.high[GRABBED.result] = high
    quick.symbol = null
    this.#say(event, row, plan, quick.seq)
    return true
  }
}
