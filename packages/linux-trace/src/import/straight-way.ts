/**
 * The straight way of the entries that recordings have by the million: lookups of pagemaps and references on pages. From the
 * columns of a batch to events in numbers, without an object for any of them. It says what the handlers in `pages.ts` and
 * `pagemaps.ts` say of the same entries, and leaves to them whatever is unusual about one.
 */
import { EventRows, TypeRows, type Actor, type RowOrigin } from '@devtrail/events'
import {
  covers,
  evolveGrabbedRow,
  evolveLookedUpRow,
  evolveRowStarted,
  memoryType,
  memremapCatalogue,
  memremapPlaces,
  type GrabbedRow,
  type Pagemap,
} from '@devtrail/memremap'
import { BATCH_ROWS } from '../entries/columns.ts'
import type { EntryBatch } from '../entries/batch.ts'
import { pointerText } from '../entries/pointer-text.ts'
import type { RowTables } from '../entries/row.ts'
import type { ImportContext } from './context.ts'
import { namesPagemap } from './named-by-page.ts'
import { isStale, pagemapAt } from './pagemaps.ts'
import { ownerOf } from './page-owner.ts'
import { hasGrabbed, kindOf, saneCount } from './pages.ts'
import { follFlagsOf } from '../kernel-version.ts'
import { straight, type StraightPlan } from './straight-plan.ts'
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

/** A run is of one batch, whose last row may have brought a gap with it. */
const ROWS_MAX = BATCH_ROWS + 1

const orNull = (n: number): number | null => (n === n ? n : null)
const orNothing = (n: number | null): number => n ?? NOTHING

const rowsOf = (name: keyof typeof declarations): TypeRows => new TypeRows(`memremap/${name}`, declarations[name], ROWS_MAX)

/** Who takes the events. */
export interface RowSink {
  /** How many may be told, behind one, before somebody looks at the states. */
  readonly room: (seq: number) => number
  readonly take: (rows: EventRows) => void
}

export class StraightWay {
  readonly #ctx: ImportContext
  readonly #sink: RowSink
  readonly #plans: readonly ({ readonly straight: StraightPlan | null } | undefined)[]
  readonly #lookupStarted = rowsOf('lookup-started')
  readonly #lookedUp = rowsOf('looked-up')
  readonly #grabStarted = rowsOf('grab-started')
  readonly #grabbed = rowsOf('grabbed')
  readonly #all = [this.#lookupStarted, this.#lookedUp, this.#grabStarted, this.#grabbed]
  /** The run at hand. */
  readonly #rows = new EventRows()
  readonly #cause = new Float64Array(ROWS_MAX)
  /** By shape. */
  readonly #origins: (RowOrigin | undefined)[] = []
  readonly #told: GrabbedRow = { pagemap: null, pfn: 0, head: 0, before: 0, refs: 0, pin: false, began: 0 }
  // The batch at hand.
  #batch!: EntryBatch
  #tables!: RowTables
  /** The task of each actor of the tables, as long as it is the same. */
  #tasks: (Task | undefined)[] = []
  #tasksAre = -1
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

  /** `plans`: by shape, once one of its hits was seen. */
  constructor(ctx: ImportContext, plans: readonly ({ readonly straight: StraightPlan | null } | undefined)[], sink: RowSink) {
    this.#ctx = ctx
    this.#plans = plans
    this.#sink = sink
    this.#rows.cause = this.#cause
    this.#rows.origins = this.#origins
  }

  /**
   * Goes on from a row as far as it can, and as long as nothing has to be waited for.
   * @returns how many rows it has done
   */
  go(batch: EntryBatch, tables: RowTables, from: number, to: number): number {
    const { item, shape, context, cpu, task } = batch
    const { tasks, contexts } = tables
    const plans = this.#plans
    const end = Math.min(to, from + this.#sink.room(this.#ctx.seq))
    this.#begin(batch, tables)
    let row = from
    for (; row < end && item[row]! < 0; row++) {
      const plan = plans[shape[row]!]?.straight ?? null
      // Where the context is not told, an event has none.
      if (plan === null || contexts[context[row]!] === '') break
      const by = this.#tasks[task[row]!] ?? this.#taskOf(tasks[task[row]!]!, task[row]!, cpu[row]!)
      if (!this.#take(plan, row, by)) break
    }
    if (row > from) this.#tell(from, row)
    return row - from
  }

  #begin(batch: EntryBatch, tables: RowTables): void {
    const tasksAre = this.#ctx.tasks.version
    if (tables !== this.#tables || tasksAre !== this.#tasksAre) {
      this.#tables = tables
      this.#tasksAre = tasksAre
      this.#tasks.length = 0
    }
    this.#batch = batch
    this.#high = this.#low = 0
    this.#pagemap = undefined
    for (const rows of this.#all) rows.count = 0
  }

  #taskOf({ pid, comm }: Actor, place: number, cpu: number): Task {
    const { tasks } = this.#ctx
    const task = tasks.of(pid, cpu, comm)
    if (tasks.version !== this.#tasksAre) {
      this.#tasksAre = tasks.version
      this.#tasks.length = 0
    }
    // The idle tasks of all CPUs are one actor.
    if (pid !== 0) this.#tasks[place] = task
    return task
  }

  /** Tells the events of rows, each of which is one. */
  #tell(from: number, to: number): void {
    const { number, time, cpu, task, context, shape } = this.#batch
    const rows = this.#rows
    rows.seq = this.#ctx.seq - (to - from) + 1
    rows.count = to - from
    rows.from = from
    rows.entry = number
    rows.time = time
    rows.cpu = cpu
    rows.actor = task
    rows.actors = this.#tables.tasks
    rows.context = context
    rows.contexts = this.#tables.contexts
    rows.origin = shape
    this.#leave(time[to - 1]!)
    this.#sink.take(rows)
  }

  #leave(time: number): void {
    const ctx = this.#ctx
    if (this.#lookedPagemap === this.#lookedPagemap) ctx.lookedUp.set(this.#lookedPagemap, this.#lookedPfn)
    this.#lookedPagemap = NOTHING
    ctx.leave(time)
  }

  /** @returns false, with nothing done, when it is not as it usually is. */
  #take(plan: StraightPlan, row: number, task: Task): boolean {
    switch (plan.what) {
      case straight.lookup:
        return this.#lookUp(plan, row, task)
      case straight.lookupReturn:
        return this.#lookUpEnded(plan, row, task)
      case straight.grab:
        return this.#grab(plan, row, task)
      case straight.grabReturn:
      default:
        return this.#grabEnded(plan, row, task)
    }
  }

  /** Says an event whose fields are filled in. @returns its number */
  #say(rows: TypeRows, row: number, cause: number): number {
    rows.count++
    this.#cause[row] = cause
    const shape = this.#batch.shape[row]!
    if (this.#origins[shape] === undefined) {
      const { event: source, where } = this.#tables.shapes[shape]!.shape
      this.#origins[shape] = { rows, source, where }
    }
    return this.#ctx.nextSeq()
  }

  /** The innermost call of the task, as a cause. */
  #caller({ frames }: Task): number {
    return frames.length === 0 ? 0 : frames[frames.length - 1]!.seq
  }

  #lookUp(plan: StraightPlan, row: number, task: Task): boolean {
    const { words, at: places } = this.#batch
    const first = places[row]!
    const pfn = words[first + plan.pfn + 1]! * 2 ** 32 + words[first + plan.pfn]!
    const low = plan.cached < 0 ? 0 : words[first + plan.cached]!
    const high = plan.cached < 0 ? 0 : words[first + plan.cached + 1]!
    const { quick } = task
    quick.settle(task.frames, pointerText)
    const rows = this.#lookupStarted
    const { low: lows, high: highs, count: at } = rows
    const sane = pfn >= PFN_MAX ? 0 : pfn
    lows[STARTED.pfn]![at] = sane
    lows[STARTED.cached]![at] = high === 0 && low === 0 ? NOTHING : low
    highs[STARTED.cached]![at] = high
    evolveRowStarted(this.#ctx.memremap)
    quick.seq = this.#say(rows, row, this.#caller(task))
    quick.symbol = plan.symbol
    quick.isLookup = true
    quick.pfn = sane
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
    const rows = this.#lookedUp
    const { low: lows, high: highs, count: into } = rows
    const pfn = orNothing(quick.pfn)
    const pagemap = p === undefined ? NOTHING : p.id
    const fresh = !isNone && (high !== quick.cachedHigh || low !== quick.cachedLow)
    lows[LOOKED.pfn]![into] = pfn
    lows[LOOKED.pagemap]![into] = pagemap
    lows[LOOKED.pointer]![into] = isNone ? NOTHING : low
    highs[LOOKED.pointer]![into] = high
    lows[LOOKED.fresh]![into] = fresh ? 1 : 0
    task.looked = isNone ? null : quick.pfn
    quick.symbol = null
    if (p !== undefined) {
      if (this.#lookedPagemap !== p.id && this.#lookedPagemap === this.#lookedPagemap)
        this.#ctx.lookedUp.set(this.#lookedPagemap, this.#lookedPfn)
      this.#lookedPagemap = p.id
      this.#lookedPfn = pfn
    }
    this.#say(rows, row, quick.seq)
    evolveLookedUpRow(this.#ctx.memremap, p ?? null, fresh)
    return true
  }

  #grab(plan: StraightPlan, row: number, task: Task): boolean {
    const batch = this.#batch
    const { words, at } = batch
    const ctx = this.#ctx
    const first = at[row]!
    ctx.memmap.see(words[first + plan.vmemmap + 1]!, words[first + plan.vmemmap]!)
    const low = words[first + plan.page]!
    const high = words[first + plan.page + 1]!
    const wordLow = plan.word < 0 ? 0 : words[first + plan.word]!
    const wordHigh = plan.word < 0 ? 0 : words[first + plan.word + 1]!
    const pfn = high === 0 && low === 0 ? null : ctx.memmap.pfnAt(high, low)
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
      // One that only the page names is to be found first.
      if (owner.pagemap === undefined && pfn !== null && hasWord && (wordLow & 1) === 0 && namesPagemap(ctx, pfn)) return false
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
    const rows = this.#grabStarted
    const { low: lows, high: highs, count: into } = rows
    lows[GRAB.pfn]![into] = orNothing(pfn)
    lows[GRAB.page]![into] = low
    highs[GRAB.page]![into] = high
    lows[GRAB.pagemap]![into] = pagemap === undefined ? NOTHING : pagemap.id
    lows[GRAB.word]![into] = hasWord ? wordLow : NOTHING
    highs[GRAB.word]![into] = wordHigh
    lows[GRAB.refcount]![into] = refcount
    lows[GRAB.refs]![into] = refs
    lows[GRAB.flags]![into] = flags
    lows[GRAB.folio]![into] = plan.folio ? 1 : 0
    evolveRowStarted(ctx.memremap)
    quick.seq = this.#say(rows, row, this.#caller(task))
    quick.symbol = plan.symbol
    quick.isLookup = false
    quick.pfn = pfn
    quick.pagemap = pagemap ?? null
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
    // Another one may have taken its place since.
    if (pagemap !== null && pagemap !== this.#pagemap && ctx.memremap.pagemaps.get(pagemap.id) !== pagemap) return false
    const type = pagemap === null ? null : pagemap.type
    // Their puts may go unseen, which is to be said, too.
    if (type !== null && type !== memoryType.FS_DAX) return false
    const rows = this.#grabbed
    const { low: lows, high: highs, count: into } = rows
    const returnsErrno = plan.symbol === 'try_grab_folio' && ctx.coverage.grabsReturnErrno
    const told = this.#told
    told.pfn = pfn
    told.pagemap = pagemap
    told.before = before
    told.head = head
    told.refs = kind === null ? 0 : refs
    told.pin = kind === 'pin'
    told.began = quick.seq
    lows[GRABBED.pfn]![into] = orNothing(pfn)
    lows[GRABBED.pagemap]![into] = pagemap === null ? NOTHING : pagemap.id
    lows[GRABBED.before]![into] = orNothing(before)
    lows[GRABBED.head]![into] = orNothing(head)
    lows[GRABBED.refs]![into] = told.refs
    lows[GRABBED.kind]![into] = told.pin ? 1 : 0
    lows[GRABBED.result]![into] = returnsErrno || (high === 0 && low === 0) ? NOTHING : low
    highs[GRABBED.result]![into] = high
    quick.symbol = null
    const seq = this.#say(rows, row, quick.seq)
    evolveGrabbedRow(ctx.memremap, seq, this.#tables.tasks[this.#batch.task[row]!]!, told)
    return true
  }
}
