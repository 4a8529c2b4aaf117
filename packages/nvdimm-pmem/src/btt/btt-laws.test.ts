/** The laws of every model, for BTTs: fold, keyframe, gap, and what happens with nobody listening. */
import { Emitter, ManualClock, type AnyEvent } from '@devtrail/events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nvdimmPmemModel } from '../model.ts'
import { RecordedMedium } from '../power/recorded-medium.ts'
import { filled, smallBtt } from '../power/small-btt.test-support.ts'
import { evolveNvdimmPmem, initialNvdimmPmem, type NvdimmPmemState } from '../state.ts'
import { Btt } from './btt.ts'
import { blockOf } from './map-entry.ts'
import { progress } from './progress.ts'
import type { SectorWrite } from './sector-write.ts'

type Op = { op: 'write' | 'read' | 'begin' | 'step' | 'reopen' | 'spoil'; sector: number; cpu: number }
const SECTORS = 40
const SIZE = { sectors: SECTORS, lanes: 4, sectorSize: 512 }

const op = fc.record<Op>({
  op: fc.constantFrom('write', 'write', 'write', 'read', 'begin', 'step', 'step', 'reopen', 'spoil'),
  sector: fc.nat(SECTORS),
  cpu: fc.nat(5),
})
const run = fc.record({ detail: fc.constantFrom('sectors' as const, 'steps' as const), ops: fc.array(op, { maxLength: 60 }) })
type Run = { detail: 'sectors' | 'steps'; ops: Op[] }

interface Played {
  readonly btt: Btt
  readonly events: AnyEvent[]
  readonly bytes: Uint8Array
}

/** Plays operations on a BTT whose medium is told as well. A write that was begun and not ended is lost at a reopening. */
function play({ detail, ops }: Run, isHeard = true): Played {
  const events: AnyEvent[] = []
  const emitter = new Emitter(new ManualClock(), isHeard ? (event) => events.push(event) : null)
  const memory = smallBtt(SIZE)
  const medium = new RecordedMedium(memory, { events: { emitter }, keeps: false })
  const open = (): Btt => Btt.open(medium, { lanes: 4, events: { emitter, name: 'btt0.0', device: 1, medium: 'medium', detail } })
  let btt = open()
  const running = new Map<number, SectorWrite>()
  for (const { op, sector, cpu } of ops) {
    const lane = cpu % 4
    // What a started write holds, nobody else can take: not its lane, nor, of a map lock, its neighbours.
    if (op === 'write' && running.size === 0) btt.write(sector, filled(512, sector + cpu), cpu)
    else if (op === 'read' && !running.has(lane)) btt.read(sector, filled(512, 0), cpu)
    else if (op === 'begin' && !running.has(lane)) running.set(lane, btt.startWrite(sector, filled(512, sector), { cpu }))
    else if (op === 'step' && running.get(lane)?.step() === progress.done) running.delete(lane)
    else if (op === 'spoil' && running.size === 0 && sector < SECTORS) {
      const arena = btt.arenas[0]!
      medium.store32(arena.mapAt(sector), 0x4000_0000 + blockOf(arena.entry(sector), sector))
    } else if (op === 'reopen') {
      running.clear()
      btt = open()
    }
  }
  return { btt, events, bytes: memory.bytes }
}

function fold(events: readonly AnyEvent[], state = initialNvdimmPmem()): NvdimmPmemState {
  for (const event of events) evolveNvdimmPmem(state, event)
  return state
}

function violations(events: readonly AnyEvent[]): string[] {
  const state = initialNvdimmPmem()
  return events.flatMap((event) => {
    evolveNvdimmPmem(state, event)
    return nvdimmPmemModel.invariants.flatMap((i) => i.judge(state, event)).map((v) => `${v.certainty} ${v.rule} ${v.seq}: ${v.summary}`)
  })
}

const gap = (event: AnyEvent): AnyEvent => ({ ...event, type: 'log/gap', data: { reason: 'lost', lost: null, cpu: null, model: null } })

describe('a BTT', () => {
  test('fold law: its events give what it has of its lanes and of every map entry that was seen written', () => {
    fc.assert(
      fc.property(run, (input) => {
        const { btt, events } = play(input)
        const live = btt.arenas[0]!
        const state = fold(events).btts.get('btt0.0')!.arenas.get(0)!
        for (const [lane, folded] of state.lanes) {
          const { block, slot, seq } = folded
          expect({ lane, block, slot, seq }).toEqual({
            lane,
            block: live.free[lane],
            slot: live.slots[live.sub[lane]!],
            seq: live.seq[lane],
          })
        }
        expect(state.lanes.size).toBe(4)
        for (const [lba, { block, state: how }] of state.map) {
          const entry = live.entry(lba)
          // A test that spoils an entry says nothing of it.
          if (input.ops.some((o) => o.op === 'spoil' && o.sector === lba)) continue
          expect([lba, blockOf(entry, lba), how]).toEqual([lba, block, 'normal'])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('keyframe law: a copied state and the rest give the same as everything', () => {
    fc.assert(
      fc.property(run, fc.double({ min: 0, max: 1, noNaN: true }), (input, where) => {
        const { events } = play(input)
        const at = Math.round(where * events.length)
        expect(fold(events.slice(at), structuredClone(fold(events.slice(0, at))))).toEqual(fold(events))
      }),
      { numRuns: 100 },
    )
  })

  test('gap law: what is lost leads to no violation that was not there', () => {
    fc.assert(
      fc.property(run, fc.nat(300), fc.nat(40), (input, from, length) => {
        const { events } = play(input)
        if (from >= events.length) return
        expect(violations([...events.slice(0, from), gap(events[from]!), ...events.slice(from + length + 1)])).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  test('breaks no rule of its own', () => {
    fc.assert(
      fc.property(run, (input) => {
        expect(violations(play(input).events)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  test('does the same with nobody listening, and says nothing', () => {
    fc.assert(
      fc.property(run, (input) => {
        const unheard = play(input, false)
        expect(unheard.bytes).toEqual(play(input).bytes)
        expect(unheard.events).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})
