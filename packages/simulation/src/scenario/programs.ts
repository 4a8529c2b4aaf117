/** What the steps of a task do to the machine. */
import { foll, type Bio, type DevPagemap, type Pipe, type Steps } from '@devtrail/memremap'
import type { RequestQueue } from '@devtrail/nvdimm-pmem'
import type { SimulatedMachine } from '../machine/machine.ts'
import type { PagesOf, ProgramSpec, Step, TaskSpec } from './scenario.ts'
import { nanosecondsOf } from './units.ts'

/** Virtual page number where the first file of a process is mapped, and how far apart its files are. */
const FIRST_PAGE = 0x7f0000000
const APART = 1 << 18

/** What tasks hand to one another: pipes, bios, signals; and where each process has its files. */
export class Exchange {
  readonly machine: SimulatedMachine
  readonly pipes = new Map<string, Pipe<DevPagemap>>()
  readonly bios = new Map<string, Bio<DevPagemap>>()
  readonly signals = new Set<string>()
  /** Queues of disks that somebody is in, by the disk; the disk may be gone meanwhile. */
  readonly queues = new Map<string, RequestQueue[]>()
  /** Tasks end before their next step. */
  isOver = false
  readonly #spaces = new Map<number, { space: ReturnType<SimulatedMachine['registry']['addressSpace']>; at: Map<string, number> }>()

  constructor(machine: SimulatedMachine) {
    this.machine = machine
  }

  /** For those who come after: what is in pipes and bios stays there. */
  handOver(): Exchange {
    const next = new Exchange(this.machine)
    for (const [name, pipe] of this.pipes) next.pipes.set(name, pipe)
    for (const [name, bio] of this.bios) next.bios.set(name, bio)
    for (const [name, queues] of this.queues) next.queues.set(name, queues)
    return next
  }

  /** Where a process maps a file; it is mapped when first used. */
  mapped(pid: number, name: string): { readonly space: ReturnType<SimulatedMachine['registry']['addressSpace']>; readonly first: number } {
    let process = this.#spaces.get(pid)
    if (process === undefined) this.#spaces.set(pid, (process = { space: this.machine.registry.addressSpace(pid), at: new Map() }))
    let first = process.at.get(name)
    if (first === undefined) {
      const file = this.machine.file(name)
      first = FIRST_PAGE + process.at.size * APART
      process.at.set(name, first)
      process.space.map({ first, last: first + Math.max(file.blocks.length, 1) - 1, file, pgoff: 0, writable: true })
    }
    return { space: process.space, first }
  }
}

/** The steps of a task, one after the other. */
export function* programOf(exchange: Exchange, task: TaskSpec | ProgramSpec): Steps<void> {
  if ('program' in task) {
    yield* task.program(exchange.machine)
    return
  }
  for (const step of task.steps) {
    yield null
    if (exchange.isOver) return
    yield* doing(exchange, task.pid, step)
  }
}

function* doing(exchange: Exchange, pid: number, step: Step): Steps<void> {
  const { machine, pipes, bios, signals } = exchange
  switch (step.do) {
    case 'bind':
      machine.bind(step.device)
      return
    case 'unbind':
      machine.unbind(step.device)
      return
    case 'detach':
      machine.detach(step.device)
      return
    case 'touch': {
      const { space, page, pages } = placeOf(exchange, pid, step)
      for (let n = 0; n < pages; n++) yield* machine.registry.faults.fault(space, page + n, { write: true })
      return
    }
    case 'splice':
      pipes.set(step.pipe, machine.registry.pipe(yield* walked(exchange, pid, step, foll.GET)))
      return
    case 'close-pipe':
      pipes.get(step.pipe)?.release()
      pipes.delete(step.pipe)
      return
    case 'direct-io': {
      const pins = step.pin === true && machine.registry.rules.pins
      const pfns = yield* intoBio(exchange, pid, step, pins ? foll.PIN : foll.GET)
      bios.set(step.bio, machine.registry.bio(pfns, pins ? 'pin' : 'get'))
      return
    }
    case 'end-bio':
      bios.get(step.bio)?.end()
      bios.delete(step.bio)
      return
    case 'truncate':
      yield* machine.registry.truncate(machine.file(step.file), step.pages)
      return
    case 'enter-queue':
      yield* entering(exchange, step.disk)
      return
    case 'exit-queue':
      exchange.queues.get(step.disk)?.pop()?.exit()
      return
    case 'sleep':
      yield* machine.scheduler.until(machine.clock.now() + nanosecondsOf(step.for)!)
      return
    case 'sleep-until':
      yield* machine.scheduler.until(nanosecondsOf(step.time)!)
      return
    case 'signal':
      signals.add(step.signal)
      return
    case 'wait-for':
      yield { what: `the signal ${step.signal}`, until: () => signals.has(step.signal) }
  }
}

/** `blk_queue_enter`, which may wait; nothing where there is no disk or it is not let in. */
function* entering({ machine, queues }: Exchange, disk: string): Steps<void> {
  const queue = machine.disk(disk)?.queue
  if (queue === undefined || (yield* queue.enterSteps()) !== 0) return
  const inside = queues.get(disk)
  if (inside === undefined) queues.set(disk, [queue])
  else inside.push(queue)
}

function placeOf(
  exchange: Exchange,
  pid: number,
  { file, page = 0, pages }: PagesOf,
): { space: ReturnType<Exchange['mapped']>['space']; page: number; pages: number } {
  const { space, first } = exchange.mapped(pid, file)
  return { space, page: first + page, pages: pages ?? exchange.machine.file(file).blocks.length - page }
}

/** BIO_MAX_VECS */
const BIO_VECTORS = 256

/** `bio_iov_iter_get_pages`: as many pages at a time as there are vectors left; neighbouring pages share one. */
function* intoBio(exchange: Exchange, pid: number, of: PagesOf, flags: number): Steps<readonly number[]> {
  const { page = 0 } = of
  const { pages } = placeOf(exchange, pid, of)
  const taken: number[] = []
  let vectors = 0
  while (taken.length < pages && vectors < BIO_VECTORS) {
    const wanted = Math.min(BIO_VECTORS - vectors, pages - taken.length)
    const pfns = yield* walked(exchange, pid, { file: of.file, page: page + taken.length, pages: wanted }, flags)
    for (const pfn of pfns) {
      if (taken.at(-1) !== pfn - 1) vectors++
      taken.push(pfn)
    }
    if (pfns.length < wanted) break
  }
  return taken
}

function* walked(exchange: Exchange, pid: number, of: PagesOf, flags: number): Steps<readonly number[]> {
  const { space, page, pages } = placeOf(exchange, pid, of)
  const { pfns } = yield* exchange.machine.registry.userPages.pages(space, page, pages, flags)
  return pfns
}
