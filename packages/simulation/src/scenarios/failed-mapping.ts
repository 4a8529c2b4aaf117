import type { Scenario } from '../scenario/scenario.ts'
import { fsdaxMachine } from './fsdax-machine.ts'

export const failedMapping: Scenario = {
  name: 'failed-mapping',
  says: 'The struct pages of a namespace cannot be had: its probe fails and gives everything back; the next one is bound.',
  namespaces: fsdaxMachine.map((namespace) => ({ ...namespace, bound: false })),
  faults: [{ at: 'add-memory', nth: 1 }],
  tasks: [
    {
      comm: 'sh',
      pid: 100,
      steps: [
        { do: 'bind', device: 'namespace0.0' },
        { do: 'sleep', for: '1s' },
        { do: 'bind', device: 'pfn0.0' },
      ],
    },
  ],
}
