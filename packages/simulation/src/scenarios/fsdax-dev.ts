import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK } from './fsdax-machine.ts'

/** A region with labels and nothing in it, as `ndctl create-namespace -f` leaves one that had none. */
export const fsdaxDev: Scenario = {
  name: 'fsdax-dev',
  says: 'A namespace is made with its struct pages on itself; a file on it is written directly; then it is disabled and enabled.',
  regions: [{ name: 'region0', start: '0x100000000', size: '1 GiB', labels: true }],
  files: [{ name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 512 }],
  tasks: [
    {
      comm: 'ndctl',
      pid: 102,
      steps: [
        { do: 'create-namespace', region: 'region0' },
        { do: 'claim', device: 'pfn0.0', namespace: 'namespace0.0' },
        { do: 'bind', device: 'pfn0.0' },
        { do: 'signal', signal: 'there' },
        { do: 'wait-for', signal: 'used' },
        { do: 'disable', namespace: 'namespace0.0' },
        { do: 'enable', namespace: 'namespace0.0' },
      ],
    },
    {
      comm: 'pin',
      pid: 146,
      steps: [
        { do: 'wait-for', signal: 'there' },
        { do: 'touch', file: 'a' },
        { do: 'direct-io', file: 'a', pages: 64, bio: 'write' },
        { do: 'end-bio', bio: 'write' },
        { do: 'signal', signal: 'used' },
      ],
    },
  ],
}
