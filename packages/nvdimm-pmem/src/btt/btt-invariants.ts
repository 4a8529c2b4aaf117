import type { AnyEvent, Invariant, Violation } from '@devtrail/events'
import type { NvdimmPmemState } from '../state.ts'
import { LOG_GROUP_BYTES } from './geometry.ts'
import type { ArenaState } from './btt-state.ts'

const ENTRY_BYTES = 4

const ownerText = (owner: number): string => (owner >= 0 ? `sector ${owner}` : `lane ${-1 - owner}, as its free one,`)

/** Each block is one sector's, or free for one lane. */
export const blockOwnedTwice: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/block-owned-twice',
  says: "Every block of a BTT arena is one sector's or free for one lane; a write takes its lane's free block and frees the one its sector had.",
  because:
    'Two owners of a block overwrite each other: recovery and ndctl check-namespace both rely on map and log naming each block once.',
  judge: (state, event) => {
    const broken = state.brokenOwnership
    if (broken === null || !event.type.startsWith('nvdimm-pmem/btt-')) return []
    const { btt, arena, lane, lba, block, owner } = broken
    return [
      {
        rule: 'nvdimm-pmem/block-owned-twice',
        certainty: 'certain',
        seq: event.seq,
        time: event.time,
        device: event.device,
        summary: `the write of sector ${lba} on lane ${lane} of ${btt}, arena ${arena}, uses block ${block}, which is that of ${ownerText(owner)} already`,
        evidence: [event.seq],
        data: { btt, arena, lane, sector: lba, block, owner: owner >= 0 ? { sector: owner } : { lane: -1 - owner } },
      },
    ]
  },
}

/** What of a sector's write must be durable when an event of it is told: where its bytes are. */
function rangesOf(arena: ArenaState, event: AnyEvent): readonly (readonly [what: string, from: number, length: number])[] {
  const number = (name: string): number => event.data[name] as number
  const data = (): readonly [string, number, number] => [
    'data',
    arena.at + arena.dataoff + number('block') * arena.blockBytes,
    arena.blockBytes,
  ]
  const log = (): readonly [string, number, number] => [
    'log entry',
    arena.at + arena.logoff + number('lane') * LOG_GROUP_BYTES,
    LOG_GROUP_BYTES,
  ]
  const map = (): readonly [string, number, number] => ['map entry', arena.at + arena.mapoff + number('lba') * ENTRY_BYTES, ENTRY_BYTES]
  switch (event.type) {
    case 'nvdimm-pmem/btt-log-begun':
      return [log()]
    case 'nvdimm-pmem/btt-log-committed':
      return [data(), log()]
    case 'nvdimm-pmem/btt-map-written':
      return [data(), map()]
    case 'nvdimm-pmem/btt-sector-written':
      return [data(), log(), map()]
    default:
      return []
  }
}

function judgeOrder(state: NvdimmPmemState, event: AnyEvent): Violation[] {
  const btt = state.btts.get(event.data['btt'] as string)
  const arena = btt?.arenas.get(event.data['arena'] as number)
  const unsafe = btt?.medium == null ? undefined : state.media.get(btt.medium)
  if (btt === undefined || arena === undefined || unsafe === undefined || unsafe.length === 0) return []
  for (const [what, from, length] of rangesOf(arena, event)) {
    const range = unsafe.find((r) => r.from < from + length && r.to > from)
    if (range === undefined) continue
    const why = range.flushedBy === null ? 'was stored and not flushed' : 'was flushed, but no fence came after that'
    return [
      {
        rule: 'nvdimm-pmem/not-durable-in-time',
        certainty: 'certain',
        seq: event.seq,
        time: event.time,
        device: event.device,
        summary: `a power failure now would take the ${what} of a write to ${btt.name} that goes on as if it were durable: it ${why}`,
        evidence: [range.since, event.seq],
        data: { btt: btt.name, arena: event.data['arena'] as number, what, from: range.from, bytes: range.to - range.from },
      },
    ]
  }
  return []
}

/** Every step of a write is durable before the next one. */
export const notDurableInTime: Invariant<NvdimmPmemState> = {
  id: 'nvdimm-pmem/not-durable-in-time',
  says: 'Of a write to a BTT, the data, both halves of the log entry and the map entry are each durable before the next one is written.',
  because:
    'nd_btt writes through nvdimm_write_bytes, which flushes and fences; without, recovery finds log entries whose data are not there.',
  judge: (state, event) => (event.type.startsWith('nvdimm-pmem/btt-') ? judgeOrder(state, event) : []),
}
