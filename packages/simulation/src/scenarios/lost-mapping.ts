import type { Scenario } from '../scenario/scenario.ts'

/** The error of the seed's kernel that its driver takes for success: its devm_memremap gives NULL for a mapping that failed. */
export const lostMapping: Scenario = {
  name: 'lost-mapping',
  says: 'There is no room to map a raw namespace: its probe fails; under the series its disk is there all the same, and the first read is a crash.',
  namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'raw', bound: false }],
  faults: [{ at: 'ioremap', nth: 1 }],
  tasks: [
    {
      comm: 'sh',
      pid: 100,
      steps: [
        { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '1' },
        { do: 'bind', device: 'namespace0.0' },
        { do: 'submit-bio', disk: 'pmem0', op: 'read' },
      ],
    },
  ],
}
