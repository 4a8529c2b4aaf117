/**
 * How many things keep the sectors of a BTT from being written in one go: lanes that operations have, blocks that are being read, free blocks that have to be
 * cleared first. Kept in one place by all who have a part in it, so that a write is told by a glance.
 */
export class Hurdles {
  count = 0
}
