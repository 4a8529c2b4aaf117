import { lineOf, place } from './layout.ts'

/** Who has a place: which one, and which of those who had it one after the other. */
export interface Tenant {
  readonly worker: number
  readonly tenancy: number
}

/** Whether it has its place still. */
export const isThere = (words: Int32Array, { worker, tenancy }: Tenant): boolean =>
  Atomics.load(words, lineOf(worker) + place.TENANCY) === tenancy
