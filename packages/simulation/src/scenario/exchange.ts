import type { Bio, DevPagemap, Pipe } from '@devtrail/memremap'
import type { RequestQueue } from '@devtrail/nvdimm-pmem'
import type { Actor } from '@devtrail/events'
import type { SimulatedMachine } from '../machine/machine.ts'

/** Virtual page number where the first file of a process is mapped, and how far apart its files are. */
const FIRST_PAGE = 0x7f0000000
const APART = 1 << 18

/** So many refusals of a run are told. */
export const REFUSALS_MAX = 100

/** A step that the machine refused, which the task took note of and went on. */
export interface Refusal {
  readonly actor: Actor
  /** `bind pfn0.0` */
  readonly step: string
  readonly errno: number
}

/** What tasks hand to one another: pipes, bios, signals; and where each process has its files. */
export class Exchange {
  readonly machine: SimulatedMachine
  readonly pipes = new Map<string, Pipe<DevPagemap>>()
  readonly bios = new Map<string, Bio<DevPagemap>>()
  readonly signals = new Set<string>()
  /** Queues of disks that somebody is in, by the disk; the disk may be gone meanwhile. */
  readonly queues = new Map<string, RequestQueue[]>()
  /** What was refused, the first {@link REFUSALS_MAX} of them. */
  readonly refused: Refusal[]
  /** Tasks end before their next step. */
  isOver = false
  readonly #spaces = new Map<number, { space: ReturnType<SimulatedMachine['registry']['addressSpace']>; at: Map<string, number> }>()

  constructor(machine: SimulatedMachine, refused: Refusal[] = []) {
    this.machine = machine
    this.refused = refused
  }

  /** Keeps what a step was refused with; 0 is no refusal. */
  answered(actor: Actor, step: string, errno: number): void {
    if (errno !== 0 && this.refused.length < REFUSALS_MAX) this.refused.push({ actor, step, errno })
  }

  /** For those who come after: what is in pipes and bios stays there. */
  handOver(): Exchange {
    const next = new Exchange(this.machine, this.refused)
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
