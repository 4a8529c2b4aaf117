import type { Scenario, Step } from '../scenario/scenario.ts'

const SECTORS_OF_A_PAGE = 8

/** `dd bs=4096 count=64 oflag=direct`. */
const writes: readonly Step[] = Array.from({ length: 64 }, (_, n) => ({
  do: 'submit-bio',
  disk: 'pmem0s',
  op: 'write',
  sector: n * SECTORS_OF_A_PAGE,
  byte: n,
}))

export const sectorBtt4096: Scenario = {
  name: 'sector-btt-4096',
  says: 'A namespace gets a BTT with sectors of 4 KiB; 64 of them are written; it is looked at raw, and then enabled again.',
  regions: [{ name: 'region0', start: '0x140000000', size: '256 MiB', labels: true }],
  tasks: [
    {
      comm: 'ndctl',
      pid: 103,
      steps: [
        { do: 'create-namespace', region: 'region0' },
        { do: 'claim', device: 'btt0.0', namespace: 'namespace0.0', sectorSize: 4096 },
        { do: 'bind', device: 'btt0.0' },
        ...writes,
        { do: 'disable', namespace: 'namespace0.0' },
        // As ndctl check-namespace does.
        { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '1' },
        { do: 'bind', device: 'namespace0.0' },
        { do: 'unbind', device: 'namespace0.0' },
        { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '0' },
        { do: 'enable', namespace: 'namespace0.0' },
      ],
    },
  ],
}
