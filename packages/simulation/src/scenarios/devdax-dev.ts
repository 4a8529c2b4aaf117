import type { Scenario } from '../scenario/scenario.ts'
import { labelledRegion } from './fsdax-machine.ts'

export const devdaxDev: Scenario = {
  name: 'devdax-dev',
  says: 'An fsdax namespace is made a devdax one; somebody maps its character device; then it is disabled and enabled.',
  regions: labelledRegion,
  namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', found: true }],
  files: [{ name: 'dax', disk: 'dax0.0', pages: 1024 }],
  tasks: [
    {
      comm: 'ndctl',
      pid: 132,
      steps: [
        { do: 'disable', namespace: 'namespace0.0' },
        // The old superblock is written over by way of a raw disk.
        { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '1' },
        { do: 'bind', device: 'namespace0.0' },
        { do: 'submit-bio', disk: 'pmem0', op: 'write', sector: 8 },
        { do: 'unbind', device: 'namespace0.0' },
        { do: 'store', device: 'namespace0.0', attribute: 'force_raw', value: '0' },
        { do: 'claim', device: 'dax0.0', namespace: 'namespace0.0' },
        { do: 'bind', device: 'dax0.0' },
        { do: 'signal', signal: 'there' },
        { do: 'wait-for', signal: 'used' },
        { do: 'disable', namespace: 'namespace0.0' },
        { do: 'enable', namespace: 'namespace0.0' },
      ],
    },
    {
      comm: 'pin',
      pid: 141,
      steps: [
        { do: 'wait-for', signal: 'there' },
        { do: 'touch', file: 'dax' },
        { do: 'signal', signal: 'used' },
      ],
    },
  ],
}
