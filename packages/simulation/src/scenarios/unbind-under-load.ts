import type { Scenario } from '../scenario/scenario.ts'
import { fileA, fsdaxMachine, pin } from './fsdax-machine.ts'

/** Under the rules of the series, cleaning the queue up waits for references to pages as well: the crash does not come. */
export const unbindUnderLoad: Scenario = {
  name: 'unbind-under-load',
  says: 'The series of 2015: unbinding waits for a request in flight and for pages in a pipe; then the driver is bound again.',
  rules: 'seed',
  namespaces: fsdaxMachine,
  files: [fileA],
  tasks: [
    pin,
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
