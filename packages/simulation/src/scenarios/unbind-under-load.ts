import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK, fsdaxMachine } from './fsdax-machine.ts'

/** Under the rules of the series, cleaning the queue up waits for references to pages as well: the crash does not come. */
export const unbindUnderLoad: Scenario = {
  name: 'unbind-under-load',
  says: 'The series of 2015: unbinding waits for a request in flight and for pages in a pipe; then the driver is bound again.',
  rules: 'seed',
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
      comm: 'fio',
      pid: 140,
      steps: [
        { do: 'enter-queue', disk: 'pmem0' },
        { do: 'sleep', for: '2s' },
        { do: 'exit-queue', disk: 'pmem0' },
      ],
    },
    {
      comm: 'sh',
      pid: 102,
      steps: [
        { do: 'sleep', for: '1s' },
        { do: 'unbind', device: 'pfn0.0' },
        { do: 'bind', device: 'pfn0.0' },
      ],
    },
  ],
}
