import type { Scenario } from '../scenario/scenario.ts'

export const rawBindUnbind: Scenario = {
  name: 'raw-bind-unbind',
  says: 'A raw namespace is unbound from its driver and bound to it, twice.',
  namespaces: [{ name: 'namespace0.0', start: '0x100000000', size: '1 GiB', mode: 'raw' }],
  tasks: [
    {
      comm: 'sh',
      pid: 100,
      steps: [
        { do: 'unbind', device: 'namespace0.0' },
        { do: 'bind', device: 'namespace0.0' },
        { do: 'unbind', device: 'namespace0.0' },
        { do: 'bind', device: 'namespace0.0' },
      ],
    },
  ],
}
