/** A segment without the space laid out behind its last block, which is a small one. */
export function withoutSpace<T extends Uint8Array>(bytes: T): T {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1) as T
}
