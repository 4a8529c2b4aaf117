/** One NVDIMM of 1 GiB, a DAX file on it, and who has its pages in a pipe, as in the recordings. */
import type { FileSpec, NamespaceSpec, RegionOf, Step, TaskSpec } from '../scenario/scenario.ts'

export const fsdaxMachine: readonly NamespaceSpec[] = [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'fsdax' }]

/** The same with labels and nothing in it, as `ndctl create-namespace -f` leaves a region that had none. */
export const labelledRegion: readonly RegionOf[] = [{ name: 'region0', start: '0x100000000', size: '1 GiB', labels: true }]

/** `ndctl create-namespace -m fsdax -M dev` on that; others may wait for it to be there. */
export const createFsdax: readonly Step[] = [
  { do: 'create-namespace', region: 'region0' },
  { do: 'claim', device: 'pfn0.0', namespace: 'namespace0.0' },
  { do: 'bind', device: 'pfn0.0' },
  { do: 'signal', signal: 'there' },
]

/** The file's first page, among those of the disk's data: pfn 0x109300. */
export const FILE_BLOCK = 0x8100

/** 16 pages. */
export const fileA: FileSpec = { name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 16 }

/** Takes references on the file's pages and gives them back after four seconds. */
export const pin: TaskSpec = {
  comm: 'pin',
  pid: 135,
  steps: [
    { do: 'touch', file: 'a' },
    { do: 'splice', file: 'a', pipe: 'p' },
    { do: 'sleep', for: '4s' },
    { do: 'close-pipe', pipe: 'p' },
  ],
}
