import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK, fsdaxMachine } from './fsdax-machine.ts'

/** No times: which of them comes first is the seed's affair. Some seeds hang, some do not. */
export const directIoAndTruncate: Scenario = {
  name: 'direct-io-and-truncate',
  says: 'Direct I/O, its end and a truncation of the same file at once: whether the truncation hangs depends on the seed.',
  namespaces: fsdaxMachine,
  files: [{ name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 4 }],
  tasks: [
    {
      comm: 'odirect',
      pid: 130,
      steps: [
        { do: 'touch', file: 'a' },
        { do: 'direct-io', file: 'a', bio: 'write' },
        { do: 'end-bio', bio: 'write' },
      ],
    },
    {
      comm: 'truncate',
      pid: 132,
      steps: [
        { do: 'touch', file: 'a' },
        { do: 'touch', file: 'a' },
        { do: 'truncate', file: 'a', pages: 2 },
      ],
    },
  ],
}
