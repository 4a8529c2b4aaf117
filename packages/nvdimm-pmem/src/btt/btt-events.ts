import { f } from '@devtrail/events'

const device = f.opt(f.device('the device'))
const btt = f.string('the BTT: the name of its device, or one that was given')
const arena = f.count('the arena, from 0')
const lane = f.count('the lane')
const lba = f.count('sector of the arena')
const block = f.count('block of the arena')
const old = f.count('the block that it was in before, with the flags of the log')
const slot = f.count('which of the four slots of its log group')
const seq = f.count('its sequence number: 1, 2, 3, 1, …')
const errno = f.errno('0 on success')
const ofArena = { device, btt, arena }
const ofLane = { ...ofArena, lane }
const geometry = {
  ...ofArena,
  at: f.bytes('where it begins on the medium'),
  externalLbasize: f.bytes('a sector with its metadata'),
  internalLbasize: f.bytes('a block on the medium'),
  externalNlba: f.count('sectors'),
  internalNlba: f.count('blocks'),
  nfree: f.count('lanes'),
  dataoff: f.bytes('from its start to the blocks'),
  mapoff: f.bytes('to the map'),
  logoff: f.bytes('to the log'),
  secondSlot: f.count('which slot of a log group is used beside the first: 1, or 2 in old layouts'),
  flags: f.flags('of its info block; 1: must not be written'),
}

/** What happens to a BTT: its arenas, and each sector read and written. Step by step only when asked for. */
export const bttEvents = {
  'btt-discovery-started': {
    version: 1,
    doc: 'The arenas of a BTT began to be searched, or to be made.',
    kernel: 'btt_init',
    fields: {
      device,
      btt,
      medium: f.opt(f.string('the medium that it is on, if stores to that are told, too')),
      making: f.bool('whether they are made'),
    },
  },
  'btt-arena-created': {
    version: 1,
    doc: 'An arena was made: its map and its log are in their initial state.',
    kernel: 'btt_arena_write_layout',
    fields: geometry,
  },
  'btt-arena-found': { version: 1, doc: 'An arena was found.', kernel: 'discover_arenas', fields: geometry },
  'btt-lane-found': {
    version: 1,
    doc: "A lane's log was read: which block it has free, and where its next entry goes.",
    kernel: 'btt_freelist_init',
    fields: { ...ofLane, block, slot, seq },
  },
  'btt-recovered': {
    version: 1,
    doc: 'A write that was committed to the log but did not reach the map was completed.',
    kernel: 'btt_freelist_init',
    fields: { ...ofLane, lba, old, block },
  },
  'btt-discovery-ended': {
    version: 1,
    doc: 'The arenas of a BTT are ready, or it cannot be used.',
    kernel: 'btt_init',
    fields: { device, btt, errno, arenas: f.count('arenas'), sectors: f.count('sectors'), recovered: f.count('map entries rewritten') },
  },
  'btt-lane-taken': {
    version: 1,
    doc: 'A lane was taken for a sector.',
    kernel: 'nd_region_acquire_lane',
    fields: { ...ofLane, lba, op: f.oneOf(['read', 'write'], 'for what') },
  },
  'btt-read-tracked': { version: 1, doc: 'A block was marked as being read.', kernel: 'btt_read_pg', fields: { ...ofLane, block } },
  'btt-sector-read': {
    version: 1,
    doc: 'A sector was read.',
    kernel: 'btt_read_pg',
    fields: { ...ofLane, lba, block: f.opt(f.count('from which block; null: zeros, from none')) },
  },
  'btt-reader-awaited': {
    version: 1,
    doc: 'A write began to wait until its free block is no longer read.',
    kernel: 'btt_write_pg',
    fields: { ...ofLane, block },
  },
  'btt-block-cleared': {
    version: 1,
    doc: 'A free block that could not be read was filled with zeros.',
    kernel: 'arena_clear_freelist_error',
    fields: { ...ofLane, block },
  },
  'btt-data-written': {
    version: 1,
    doc: "A sector's data were written to the free block.",
    kernel: 'btt_data_write',
    fields: { ...ofLane, block },
  },
  'btt-log-begun': {
    version: 1,
    doc: 'The first half of a log entry was written: it is not the newest yet.',
    kernel: '__btt_log_write',
    fields: { ...ofLane, slot, lba, old },
  },
  'btt-log-committed': {
    version: 1,
    doc: 'The second half of a log entry was written: from here on the sector has its new data.',
    kernel: '__btt_log_write',
    fields: { ...ofLane, slot, block, seq },
  },
  'btt-map-written': {
    version: 1,
    doc: 'A map entry was written.',
    kernel: 'btt_map_write',
    fields: { ...ofArena, lba, block, state: f.oneOf(['normal', 'error'], 'whether reads of it fail') },
  },
  'btt-sector-written': {
    version: 1,
    doc: 'A sector was written: data, log and map.',
    kernel: 'btt_write_pg',
    fields: { ...ofLane, lba, block, old, slot, seq },
  },
  'btt-io-failed': {
    version: 1,
    doc: 'A sector could not be read or written.',
    kernel: 'btt_submit_bio',
    fields: {
      device,
      btt,
      sector: f.count('sector of the BTT'),
      op: f.oneOf(['read', 'write'], 'what failed'),
      errno,
      why: f.oneOf(
        ['beyond-end', 'arena-error', 'error-entry', 'block-beyond-arena', 'medium'],
        'there is no such sector; its arena has the error flag; its map entry does; a block is named that is not there; the medium failed',
      ),
    },
  },
} as const
