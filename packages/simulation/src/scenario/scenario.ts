/** What a scenario is: a machine, and what its tasks do. Plain data, so that a log can hold it; or programs, in TypeScript. */
import type { RulesName, Steps } from '@devtrail/memremap'
import type { SimulatedMachine } from '../machine/machine.ts'

/** Bytes, as a number, in hex, or as `1 GiB`. */
export type Size = number | string

/** A part of an NVDIMM. */
export interface NamespaceSpec {
  /** `namespace0.0` */
  readonly name: string
  /** `0x100000000`: first address; a multiple of 2 MiB. */
  readonly start: string
  /** A multiple of 2 MiB. */
  readonly size: Size
  /** `fsdax` has a pfn info block, and comes back as `pfn`; `raw` has none. `fsdax` unless given. */
  readonly mode?: 'fsdax' | 'raw'
  /** Of `fsdax`: whether its struct pages live on the device (`dev`, unless given) or in RAM (`mem`). */
  readonly map?: 'dev' | 'mem'
  /** Of `fsdax`: the device that claims it; `pfn0.0` of `namespace0.0` unless given. */
  readonly pfn?: string
  /** `pmem0` of `namespace0.0` unless given. */
  readonly disk?: string
  /** Whether its driver is bound when the tasks begin; true unless given. */
  readonly bound?: boolean
}

/** A file on a DAX file system: neighbouring pages of a disk. */
export interface FileSpec {
  readonly name: string
  /** Name of the disk. */
  readonly disk: string
  /** First page, among those of the disk's data; 0 unless given. */
  readonly block?: number
  readonly pages: number
}

/** Pages of a file; from the first one on, and to the last, unless given. */
export interface PagesOf {
  readonly file: string
  readonly page?: number
  readonly pages?: number
}

/** What a task does next. */
export type Step =
  /** The driver is bound to a device (`bind`), which may come back as another; or unbound from it. */
  | { readonly do: 'bind' | 'unbind'; readonly device: string }
  /** A device that claims a namespace gives it up, and is gone (`ndctl disable-namespace` does so after unbinding). */
  | { readonly do: 'detach'; readonly device: string }
  /** The process looks at pages of a file that it maps: they are faulted in. */
  | ({ readonly do: 'touch' } & PagesOf)
  /** `vmsplice`: pages go into a pipe, which holds references on them. */
  | ({ readonly do: 'splice'; readonly pipe: string } & PagesOf)
  /** The pipe is closed or read: references are dropped by put_page. */
  | { readonly do: 'close-pipe'; readonly pipe: string }
  /** Direct I/O whose memory is pages of a file: a bio has them until its end. */
  | ({ readonly do: 'direct-io'; readonly bio: string; readonly pin?: boolean } & PagesOf)
  /** The I/O is over: the bio drops its references. */
  | { readonly do: 'end-bio'; readonly bio: string }
  /** The file is cut to so many pages. */
  | { readonly do: 'truncate'; readonly file: string; readonly pages: number }
  /** A request enters a disk's queue, and later leaves it. */
  | { readonly do: 'enter-queue' | 'exit-queue'; readonly disk: string }
  /** Nothing, for a while (`1s`, `200ms`, `5us`); or until a time of the machine's clock. */
  | { readonly do: 'sleep'; readonly for: string }
  | { readonly do: 'sleep-until'; readonly time: string }
  /** Others may wait for a signal; once given it stays. */
  | { readonly do: 'signal' | 'wait-for'; readonly signal: string }

export interface TaskSpec {
  readonly comm: string
  readonly pid: number
  readonly steps: readonly Step[]
}

/** What fails: the n-th time, from 1, that it is asked for. */
export interface FaultSpec {
  /** Memory for a managed resource, or for a queue; adding memory to the machine; storing a range in the registry of pagemaps. */
  readonly at: 'managed-allocation' | 'queue-allocation' | 'add-memory' | 'store-range'
  readonly nth: number
}

/** A task written as a program: it pauses where others may come between. */
export interface ProgramSpec {
  readonly comm: string
  readonly pid: number
  readonly program: (machine: SimulatedMachine) => Steps<void>
}

export interface Scenario {
  /** Short: letters, digits and dashes. */
  readonly name: string
  /** One sentence. */
  readonly says: string
  /** `linux-6.1` unless given. */
  readonly rules?: RulesName
  readonly namespaces?: readonly NamespaceSpec[]
  readonly files?: readonly FileSpec[]
  readonly faults?: readonly FaultSpec[]
  readonly tasks: readonly (TaskSpec | ProgramSpec)[]
}
