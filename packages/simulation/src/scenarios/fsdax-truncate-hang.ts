import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK, fsdaxMachine } from './fsdax-machine.ts'

/** The hang: the end of a bio drops the last references and wakes nobody. */
export const fsdaxTruncateHang: Scenario = {
  name: 'fsdax-truncate-hang',
  says: 'A DAX file is truncated while direct I/O has its pages; the I/O ends, and nobody wakes the truncation.',
  namespaces: fsdaxMachine,
  files: [{ name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 1024 }],
  tasks: [
    {
      comm: 'pin',
      pid: 130,
      steps: [
        { do: 'touch', file: 'a' },
        { do: 'direct-io', file: 'a', bio: 'write' },
      ],
    },
    {
      comm: 'truncate',
      pid: 132,
      steps: [
        { do: 'sleep', for: '3s' },
        { do: 'truncate', file: 'a', pages: 0 },
      ],
    },
    {
      comm: '<idle>',
      pid: 0,
      steps: [
        { do: 'sleep', for: '15s' },
        { do: 'end-bio', bio: 'write' },
      ],
    },
  ],
}
