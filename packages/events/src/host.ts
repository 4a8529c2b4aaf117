/**
 * Incarnation numbers in a log of several hosts. Each says whose it is, so that those of different hosts never mix; in a log of
 * one host they are small, and the host is 0.
 */

/** Number of a host in a log of several, from 1. 0: the log has one host, or the log itself is meant. */
export type HostId = number

/** How many incarnations of a kind one host can have. */
const IDS_OF_A_HOST = 2 ** 32

/** Hosts of one log at most: an incarnation number stays below 2^52. */
export const HOSTS_MAX = 2 ** 20 - 1

/** The host that an incarnation number says. */
export const hostOf = (id: number): HostId => (id < IDS_OF_A_HOST ? 0 : Math.floor(id / IDS_OF_A_HOST))

/** The number that the incarnation has among those of its host. */
export const idWithin = (id: number): number => (id < IDS_OF_A_HOST ? id : id % IDS_OF_A_HOST)

/** The number in a log of several hosts of an incarnation that has number `id` among those of its host. @throws RangeError */
export function idOfHost(host: HostId, id: number): number {
  if (!(id >= 0 && id < IDS_OF_A_HOST)) throw new RangeError(`incarnation ${id} cannot be one of several hosts': there may be 2^32 of each`)
  if (!(host >= 0 && host <= HOSTS_MAX)) throw new RangeError(`there is no host ${host}: a log may have ${HOSTS_MAX}`)
  return host * IDS_OF_A_HOST + id
}
