import { errno } from '@devtrail/events'
import type { NdNamespace } from '../../bus/nd-namespace.ts'
import { Oops } from '../oops.ts'
import { Pmem } from '../pmem.ts'

/** `pmem_rw_bytes`, through whoever holds the namespace: 0, or -EFAULT beyond its end. What is written is durable. @throws Oops where nobody holds it, or nothing is mapped. */
export function pmemRwBytes(ndns: NdNamespace, at: number, data: Uint8Array, rw: 'read' | 'write'): number {
  const pmem = ndns.claim?.drvdata
  if (!(pmem instanceof Pmem)) throw new Oops(`${ndns.name} is read through whoever holds it, and that has no pmem device`)
  const { machine, id } = pmem.device
  if (at + data.length > pmem.size) {
    machine.warn(id, 'pmem_rw_bytes', 'request out of range', true)
    return errno.EFAULT
  }
  if (data.length > 0) pmem.mapped()
  const { medium } = pmem.ndns
  if (rw === 'read') medium.load(at, data)
  else {
    medium.store(at, data)
    medium.flush(at, data.length)
    medium.fence()
  }
  return 0
}
