import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK, fsdaxMachine } from './fsdax-machine.ts'

/** The crash: nothing waits for references to pages when the memory goes. */
export const fsdaxPinnedUnbind: Scenario = {
  name: 'fsdax-pinned-unbind',
  says: 'Pages of a DAX file are in a pipe when their driver is unbound; the memory goes, and the pipe is closed later.',
  namespaces: fsdaxMachine,
  files: [{ name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 16 }],
  tasks: [
    {
      comm: 'pin',
      pid: 135,
      steps: [
        { do: 'touch', file: 'a' },
        { do: 'splice', file: 'a', pipe: 'p' },
        { do: 'sleep', for: '4s' },
        { do: 'close-pipe', pipe: 'p' },
      ],
    },
    {
      comm: 'sh',
      pid: 102,
      steps: [
        { do: 'sleep', for: '1s' },
        { do: 'unbind', device: 'pfn0.0' },
      ],
    },
  ],
}
