/** What a scenario is: a machine, and what its tasks do. Plain data, so that a log can hold it; or programs, in TypeScript. */
import type { RulesName, Steps } from '@devtrail/memremap'
import type { SeriesPatch } from '@devtrail/nvdimm-pmem'
import type { SimulatedMachine } from '../machine/machine.ts'

/** Bytes, as a number, in hex, or as `1 GiB`. */
export type Size = number | string

/** A range of persistent memory, where its namespaces do not say enough. */
export interface RegionOf {
  /** `region0` */
  readonly name: string
  /** `0x100000000`: first address; a multiple of 2 MiB. */
  readonly start: string
  /** A multiple of 2 MiB. */
  readonly size: Size
  /** Whether its namespaces have labels, so that tasks can make more; else there is one, of all of it. True with several, or none that is all of it. */
  readonly labels?: boolean
  /** Whether raw namespaces get struct pages, as those of `memmap=` do; false unless given, as of NVDIMMs. */
  readonly pagemap?: boolean
  readonly readOnly?: boolean
}

/** A part of a region. */
export interface NamespaceSpec {
  /** `namespace0.0`: the first of region 0. */
  readonly name: string
  /** `0x100000000`: first address; a multiple of 2 MiB. */
  readonly start: string
  /** A multiple of 2 MiB. */
  readonly size: Size
  /** As `ndctl` calls it: what its superblock makes of it; `raw` has none. `fsdax` unless given. */
  readonly mode?: 'fsdax' | 'raw' | 'devdax' | 'sector'
  /** Of `fsdax` and `devdax`: whether the struct pages live on the device (`dev`, unless given) or in RAM (`mem`). */
  readonly map?: 'dev' | 'mem'
  /** Of `sector`: bytes of a sector with its metadata; 4096 unless given. */
  readonly sectorSize?: number
  /** Whether its superblock is there when the machine starts and is found then (its holder is `pfn0.1`), or a seed device (`pfn0.0`) takes it at the start. False unless given. */
  readonly found?: boolean
  /** Whether its driver is bound when the tasks begin; true unless given. If not, it is as `ndctl disable-namespace` leaves it. */
  readonly bound?: boolean
  /** A file with its bytes, of which whoever runs the scenario says how it is opened; what tasks write does not get there. Zeros unless given. */
  readonly image?: string
  /** What cannot be read, in sectors of 512 bytes. */
  readonly badBlocks?: readonly { readonly sector: number; readonly sectors: number }[]
}

/** A file on a DAX file system, neighbouring pages of a disk; or a part of a character device. */
export interface FileSpec {
  readonly name: string
  /** `pmem0`, or `dax0.0` of a devdax namespace. */
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
  /** Something is written to an attribute of a device in sysfs. */
  | { readonly do: 'store'; readonly device: string; readonly attribute: string; readonly value: string }
  /** A btt, pfn or dax device is told to take a namespace; it is not bound yet. */
  | {
      readonly do: 'claim'
      readonly device: string
      readonly namespace: string
      readonly map?: 'dev' | 'mem'
      readonly sectorSize?: number
    }
  /** A device that holds a namespace gives it up, and is gone unless it is a seed. */
  | { readonly do: 'detach'; readonly device: string }
  /** `ndctl disable-namespace`: whoever holds it is unbound and gives it up. `ndctl enable-namespace`: it is bound, and may come back as another. */
  | { readonly do: 'disable' | 'enable'; readonly namespace: string }
  /** A region with labels gets one more namespace, of all that is left unless given. */
  | { readonly do: 'create-namespace'; readonly region: string; readonly size?: Size }
  /** A bio of a disk, in segments of a page: it is read into nowhere, or written with one byte throughout. */
  | {
      readonly do: 'submit-bio'
      readonly disk: string
      readonly op: 'read' | 'write'
      /** Of 512 bytes; 0 unless given. */
      readonly sector?: number
      /** 8 unless given. */
      readonly sectors?: number
      /** 0 unless given. */
      readonly byte?: number
      /** REQ_NOWAIT. */
      readonly nowait?: boolean
    }
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

/** What fails: the n-th time, from 1, that it is asked for once the tasks have begun. */
export interface FaultSpec {
  /** Memory for a managed resource, for a queue, or for a disk; room for a mapping; adding memory to the machine; storing a range in the registry of pagemaps. */
  readonly at: 'managed-allocation' | 'queue-allocation' | 'disk-allocation' | 'ioremap' | 'add-memory' | 'store-range'
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
  /** Under `seed`: up to which patch of the series its kernel goes: 17, the seed, unless given; or 20, all of it, which unmaps pages before it cleans up their queue. */
  readonly series?: SeriesPatch
  readonly regions?: readonly RegionOf[]
  readonly namespaces?: readonly NamespaceSpec[]
  readonly files?: readonly FileSpec[]
  readonly faults?: readonly FaultSpec[]
  readonly tasks: readonly (TaskSpec | ProgramSpec)[]
}
