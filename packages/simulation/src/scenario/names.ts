/** What devices and disks are called where a scenario does not say. */
import type { NamespaceSpec } from './scenario.ts'

/** `0.0` of `namespace0.0`. */
const idOf = ({ name }: NamespaceSpec): string => name.slice('namespace'.length)

/** The device that claims a namespace. */
export const deviceOf = (spec: NamespaceSpec): string => spec.pfn ?? `pfn${idOf(spec)}`

/** Its disk: `pmem0` of `namespace0.0`, `pmem0.1` of `namespace0.1`. */
export function diskOf(spec: NamespaceSpec): string {
  const [region, number] = idOf(spec).split('.')
  return spec.disk ?? `pmem${region}${number === '0' ? '' : `.${number}`}`
}
