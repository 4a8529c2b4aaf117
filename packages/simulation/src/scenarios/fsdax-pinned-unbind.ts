import type { Scenario } from '../scenario/scenario.ts'
import { fileA, fsdaxMachine, pin } from './fsdax-machine.ts'

/** The crash: nothing waits for references to pages when the memory goes. */
export const fsdaxPinnedUnbind: Scenario = {
  name: 'fsdax-pinned-unbind',
  says: 'Pages of a DAX file are in a pipe when their driver is unbound; the memory goes, and the pipe is closed later.',
  namespaces: fsdaxMachine,
  files: [fileA],
  tasks: [
    pin,
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
