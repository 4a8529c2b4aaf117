import { devres } from './devres/devres.ts'
import { percpuRef } from './percpu-ref/percpu-ref.ts'
import { resourceTree } from './resource-tree/resource-tree.ts'
import type { Subsystem } from './sequence.ts'

/** By the name that a vector file gives. */
export const subsystems: Readonly<Record<string, Subsystem>> = { percpu_ref: percpuRef, resource: resourceTree, devres }
