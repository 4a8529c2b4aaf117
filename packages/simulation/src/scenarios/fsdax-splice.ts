import type { Scenario } from '../scenario/scenario.ts'
import { fileA, labelledRegion } from './fsdax-machine.ts'

/** The harmless twin of the crash, with the next life of the namespace. */
export const fsdaxSplice: Scenario = {
  name: 'fsdax-splice',
  says: 'Pages of a DAX file go into a pipe and come out again; then the namespace is disabled and enabled.',
  regions: labelledRegion,
  namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', found: true }],
  files: [fileA],
  tasks: [
    {
      comm: 'pin',
      pid: 171,
      steps: [
        { do: 'touch', file: 'a' },
        { do: 'splice', file: 'a', pipe: 'p' },
        { do: 'sleep', for: '1s' },
        { do: 'close-pipe', pipe: 'p' },
        { do: 'signal', signal: 'given back' },
      ],
    },
    {
      comm: 'ndctl',
      pid: 173,
      steps: [
        { do: 'wait-for', signal: 'given back' },
        { do: 'disable', namespace: 'namespace0.0' },
        { do: 'enable', namespace: 'namespace0.0' },
      ],
    },
  ],
}
