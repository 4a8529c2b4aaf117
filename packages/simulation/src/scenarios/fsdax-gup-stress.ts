import type { Scenario } from '../scenario/scenario.ts'

const PROCESSES = 100
const FIRST_PID = 174

/** Process after process: for counting, and for speed. */
export const fsdaxGupStress: Scenario = {
  name: 'fsdax-gup-stress',
  says: 'A hundred processes, one after the other, write a DAX file of 256 pages directly: no page is referenced at the end.',
  namespaces: [{ name: 'namespace0.0', start: '0x140000000', size: '256 MiB' }],
  files: [{ name: 'a', disk: 'pmem0', block: 0x160b, pages: 256 }],
  tasks: Array.from({ length: PROCESSES }, (_, n) => ({
    comm: 'pin',
    pid: FIRST_PID + n,
    steps: [
      ...(n === 0 ? [] : [{ do: 'wait-for', signal: `${n}` } as const]),
      { do: 'touch', file: 'a' },
      { do: 'direct-io', file: 'a', bio: 'write' },
      { do: 'end-bio', bio: 'write' },
      { do: 'signal', signal: `${n + 1}` },
    ],
  })),
}
