import type { Scenario } from '../scenario/scenario.ts'
import { fsdaxMachine } from './fsdax-machine.ts'

export const failedMapping: Scenario = {
  name: 'failed-mapping',
  says: 'The struct pages of a namespace cannot be had: its probe fails (and under the series leaves its queue behind); the next one is bound.',
  namespaces: fsdaxMachine.map((namespace) => ({ ...namespace, mode: 'raw' })),
  faults: [{ at: 'add-memory', nth: 1 }],
  tasks: [
    {
      comm: 'sh',
      pid: 100,
      steps: [
        { do: 'unbind', device: 'namespace0.0' },
        { do: 'claim', device: 'pfn0.0', namespace: 'namespace0.0' },
        { do: 'bind', device: 'pfn0.0' },
        { do: 'sleep', for: '1s' },
        { do: 'bind', device: 'pfn0.0' },
      ],
    },
  ],
}
