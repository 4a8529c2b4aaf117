import type { Scenario, Step } from '../scenario/scenario.ts'
import { createFsdax, fileA, labelledRegion } from './fsdax-machine.ts'

const write = (n: number): Step => ({ do: 'submit-bio', disk: 'pmem0', op: 'write', sector: n * 8, sectors: 16, byte: n })

/** All that happens to a namespace. Whoever has pages gives them back before the last request leaves, so that 6.1 takes no memory away under them. */
export const wholeLife: Scenario = {
  name: 'whole-life',
  says: 'A namespace is made with an altmap, written, faulted and referenced; its driver is unbound under load, and bound again.',
  regions: labelledRegion,
  files: [fileA],
  tasks: [
    {
      comm: 'ndctl',
      pid: 102,
      steps: [
        ...createFsdax,
        { do: 'sleep-until', time: '1s' },
        { do: 'unbind', device: 'pfn0.0' },
        { do: 'bind', device: 'pfn0.0' },
        { do: 'signal', signal: 'back' },
      ],
    },
    {
      comm: 'pin',
      pid: 135,
      steps: [
        { do: 'wait-for', signal: 'there' },
        { do: 'touch', file: 'a' },
        { do: 'direct-io', file: 'a', bio: 'write' },
        { do: 'splice', file: 'a', pages: 4, pipe: 'p' },
        { do: 'sleep-until', time: '1.2s' },
        { do: 'close-pipe', pipe: 'p' },
        { do: 'sleep-until', time: '1.5s' },
        { do: 'end-bio', bio: 'write' },
        { do: 'truncate', file: 'a', pages: 0 },
      ],
    },
    {
      comm: 'fio',
      pid: 140,
      steps: [
        { do: 'wait-for', signal: 'there' },
        ...Array.from({ length: 4 }, (_, n) => write(n)),
        { do: 'enter-queue', disk: 'pmem0' },
        { do: 'sleep-until', time: '2s' },
        { do: 'exit-queue', disk: 'pmem0' },
        { do: 'wait-for', signal: 'back' },
        { do: 'submit-bio', disk: 'pmem0', op: 'read', sectors: 32 },
      ],
    },
  ],
}
