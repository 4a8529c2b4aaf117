/**
 * Tasks that map, look up, reference, drop, kill and unmap two ranges of memory, in every order that a scheduler may choose. A
 * run is its programs and its choices; nothing in here knows what may go wrong.
 */
import type { DevPagemap } from '../src/pagemap/dev-pagemap.ts'
import type { PercpuRef } from '@devtrail/percpu-ref'
import { PercpuRefBug } from '@devtrail/percpu-ref'
import type { AddressSpace } from '../src/fault/address-space.ts'
import { INODE_LOCK } from '../src/fault/truncate.ts'
import { foll } from '../src/page/foll.ts'
import { memoryType } from '../src/pagemap/memory-type.ts'
import { PageBug } from '../src/page/page-references.ts'
import { putHow } from '../src/events.ts'
import { newAltmap } from '../src/altmap/altmap.ts'
import { SECTION_PAGES, type MemremapRules, type RulesName } from '../src/rules.ts'
import { Tasks, type Steps } from '../src/tasks.ts'
import { Machine, rangeOf } from './machine.ts'
import { UserPages } from './user-pages.ts'

const START = 0x100000000n
const SLOT_BYTES = BigInt(SECTION_PAGES) * 4096n
/** Pages in front that hold struct pages, in the slot that has an altmap. */
const ALTMAP = 1024
/** Where files begin among the pages behind it. */
const FILE_FIRST = 8

/**
 * What one task does: `use` looks a page up, references it, and drops it later; `wait` waits for two pages to become idle; the
 * rest is what processes do (`user-pages.ts`).
 */
export interface Program {
  readonly does: 'map' | 'unbind' | 'use' | 'wait' | 'direct-io' | 'splice' | 'truncate' | 'touch'
  /** Which of the two ranges. */
  readonly slot: 0 | 1
  /** Which page of it. */
  readonly page: number
  readonly pin: boolean
  /** How a reference is put, among {@link putHow}. */
  readonly how: number
}

export interface Run {
  readonly programs: readonly Program[]
  /** Which of those that can go on goes on; one more than there are tasks is a grace period. */
  readonly choices: readonly number[]
}

export interface Played {
  readonly m: Machine
  /** What the process maps. */
  readonly space: AddressSpace
  /** Every pagemap that came to be. */
  readonly all: readonly DevPagemap[]
  /** A task ran into a BUG, and the machine stopped. */
  readonly crashed: boolean
  /** What tasks wait for that nobody will bring. */
  readonly hung: readonly string[]
}

interface Slot {
  readonly start: bigint
  live: { pagemap: DevPagemap; ref: PercpuRef | null } | null
  busy: boolean
}

const newSlot = (start: bigint): Slot => ({ start, live: null, busy: false })

const pfnOf = ({ slot, page }: { readonly slot: number; readonly page: number }): number =>
  Number(START >> 12n) + slot * SECTION_PAGES + (slot === 0 ? ALTMAP : 0) + page

class World {
  readonly m: Machine
  readonly all: DevPagemap[] = []
  readonly users: UserPages
  readonly #slots: readonly [Slot, Slot]

  constructor(rules: RulesName | MemremapRules) {
    this.m = new Machine({ rules, schedule: (task) => this.#woken.push(task) })
    this.#slots = [newSlot(START), newSlot(START + SLOT_BYTES)]
    // Pages that `use` takes without asking page tables are no file's.
    const firsts = [0, 1].map((slot) => pfnOf({ slot, page: FILE_FIRST }))
    this.users = new UserPages(this.m.registry, firsts, (slot) => this.#slots.at(slot)?.live !== null)
  }

  readonly #woken: (() => void)[] = []

  program(program: Program): Steps<void> {
    if (program.does === 'map') return this.#map(program)
    if (program.does === 'unbind') return this.#unbind(program)
    if (program.does === 'direct-io') return this.users.directIo(program)
    if (program.does === 'splice') return this.users.splice(program)
    if (program.does === 'truncate') return this.users.truncate(program)
    if (program.does === 'touch') return this.users.touch(program)
    return program.does === 'use' ? this.#use(program) : this.#wait(program)
  }

  /** Runs a woken task, if one is. */
  wake(): boolean {
    const task = this.#woken.shift()
    task?.()
    return task !== undefined
  }

  /** A driver probes: one at a time for each range. */
  *#map({ slot: at }: Program): Steps<void> {
    const slot = this.#slots[at]
    if (slot.live !== null || slot.busy) return
    slot.busy = true
    const altmap = at === 0 ? newAltmap(Number(slot.start >> 12n), 2, ALTMAP - 2) : null
    const range = rangeOf(slot.start, SLOT_BYTES)
    const { registry } = this.m
    const ref = registry.rules.ownRef ? null : this.m.driverRef()
    const mapped = registry.rules.typed
      ? yield* registry.memremapPagesSteps(1 + at, { ranges: [range], type: memoryType.FS_DAX, altmap })
      : yield* registry.devmMemremapPagesSteps(this.m.device(1 + at), range, ref, altmap)
    slot.busy = false
    if (typeof mapped === 'number') return
    const pagemap = 'address' in mapped ? mapped.pagemap! : mapped
    this.all.push(pagemap)
    slot.live = { pagemap, ref }
  }

  /** A driver unbinds: closes its queue, then unmaps. */
  *#unbind({ slot: at }: Program): Steps<void> {
    const slot = this.#slots[at]
    if (slot.live === null || slot.busy) return
    const { pagemap, ref } = slot.live
    slot.live = null
    slot.busy = true
    ref?.kill()
    yield { what: 'unbind' }
    yield* this.m.registry.memunmapPagesSteps(pagemap)
    slot.busy = false
  }

  /** A walk takes a reference on a page, and its holder drops it some time later. */
  *#use(program: Program): Steps<void> {
    const { registry } = this.m
    const pfn = pfnOf(program)
    const kind = program.pin && registry.rules.pins ? 'pin' : 'get'
    const p = yield* registry.lookupSteps(pfn)
    if (p === null) return
    const grabbed = registry.grabPage(pfn, kind === 'pin' ? foll.PIN : foll.GET)
    yield { what: 'put_dev_pagemap' }
    registry.putDevPagemap(p)
    if (!grabbed) return
    yield { what: 'the holder' }
    registry.putPage(pfn, kind, putHow[program.how])
  }

  /** A file is truncated, where truncating waits. */
  *#wait(program: Program): Steps<void> {
    if (!this.m.registry.rules.truncateWaits) return
    yield { what: 'truncate' }
    const pfn = pfnOf(program)
    this.m.registry.startIdleWait([pfn, pfn + 1])
  }
}

/** Longest run: more turns than any of these programs can take. */
const TURNS_MAX = 2000

/** What tasks hang for; who waits for the lock of one that hangs is no other finding. */
function hangs(waited: readonly string[]): readonly string[] {
  const first = waited.filter((what) => what !== INODE_LOCK)
  return first.length > 0 ? first : waited
}

export function play({ programs, choices }: Run, rules: RulesName | MemremapRules): Played {
  const world = new World(rules)
  const { m } = world
  const tasks = new Tasks(m.emitter)
  let crashed = false
  const all: Program[] = [
    { does: 'map', slot: 0, page: 0, pin: false, how: 0 },
    { does: 'map', slot: 1, page: 0, pin: false, how: 0 },
    ...programs,
  ]
  const step = (choice: number): boolean => {
    const ready = tasks.runnable
    m.clock.advance(1_000_000)
    if (choice % (ready + 1) === ready) return m.rcu.pass() || world.wake()
    return tasks.step(choice % (ready + 1))
  }
  try {
    for (const [at, program] of all.entries()) {
      tasks.spawn({ pid: 100 + at, comm: program.does }, world.program(program))
      if (at < 2) while (tasks.step(0)) m.rcu.drain()
    }
    for (const choice of choices) step(choice)
    for (let turn = 0; turn < TURNS_MAX && (tasks.step(0) || world.wake() || m.rcu.pass()); turn++) continue
  } catch (error) {
    if (!(error instanceof PageBug) && !(error instanceof PercpuRefBug)) throw error
    crashed = true
  }
  m.emitter.actor = null
  m.clock.advance(2_000_000_000)
  m.emitter.emit('log/ended', { complete: true })
  return { m, space: world.users.space, all: world.all, crashed, hung: hangs(tasks.waiting.map(({ what }) => what)) }
}
