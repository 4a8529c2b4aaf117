import type { Scenario } from '../scenario/scenario.ts'
import { FILE_BLOCK, fsdaxMachine } from './fsdax-machine.ts'

/** No times: in some orders the memory goes under a reference, in others it does not. */
export const spliceRaces: Scenario = {
  name: 'splice-races',
  says: 'Two processes splice and close pipes while the driver is unbound and bound: what breaks depends on the seed.',
  namespaces: fsdaxMachine,
  files: [
    { name: 'a', disk: 'pmem0', block: FILE_BLOCK, pages: 4 },
    { name: 'b', disk: 'pmem0', block: FILE_BLOCK + 4, pages: 2 },
  ],
  tasks: [
    ...['a', 'b'].map((file, n) => ({
      comm: `pin-${file}`,
      pid: 135 + n,
      steps: [
        { do: 'touch', file } as const,
        { do: 'splice', file, pipe: file } as const,
        { do: 'close-pipe', pipe: file } as const,
        { do: 'splice', file, pipe: file } as const,
        { do: 'close-pipe', pipe: file } as const,
      ],
    })),
    {
      comm: 'sh',
      pid: 102,
      steps: [
        { do: 'unbind', device: 'pfn0.0' },
        { do: 'bind', device: 'pfn0.0' },
      ],
    },
  ],
}
