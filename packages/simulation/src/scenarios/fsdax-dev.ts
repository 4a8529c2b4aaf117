import type { Scenario } from '../scenario/scenario.ts'
import { createFsdax, FILE_BLOCK, labelledRegion } from './fsdax-machine.ts'

export const fsdaxDev: Scenario = {
  name: 'fsdax-dev',
  says: 'A namespace is made with its struct pages on itself; a file on it is written directly; then it is disabled and enabled.',
  regions: labelledRegion,
  files: [{ name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 512 }],
  tasks: [
    {
      comm: 'ndctl',
      pid: 102,
      steps: [
        ...createFsdax,
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
