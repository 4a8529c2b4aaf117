import { describe, expect, it } from 'vitest'
import { ManualClock, type Clock } from './clock.ts'
import { declareEvents, type Payload } from './declare.ts'
import { Emitter } from './emitter.ts'
import type { AnyEvent } from './envelope.ts'
import { f } from './f.ts'

const catalogue = declareEvents('t', {
  happened: { version: 1, doc: 'It happened.', fields: { n: f.count('how often') } },
})
type P = Payload<typeof catalogue>

function listened(clock: Clock = new ManualClock()): { emitter: Emitter; events: AnyEvent[]; say: (n: number) => number } {
  const events: AnyEvent[] = []
  const emitter = new Emitter(clock, (e) => void events.push(e))
  return { emitter, events, say: (n) => emitter.emit<P>('t/happened', { n }) }
}

describe('an emitter nobody listens to', () => {
  it('says so, counts nothing, reads no clock and never looks at the data', () => {
    const clock: Clock = {
      now: () => {
        throw new Error('the clock was read')
      },
    }
    const data = {
      get n(): number {
        throw new Error('the data was read')
      },
    }
    const emitter = new Emitter(clock)
    expect(emitter.on).toBe(false)
    expect(emitter.emit<P>('t/happened', data)).toBe(0)
    expect(emitter.seq).toBe(0)
    expect(emitter.because(0, () => 'done')).toBe('done')
  })

  it('begins to count when somebody listens, and stops when nobody does', () => {
    const { emitter, events, say } = listened()
    const { sink } = emitter
    emitter.sink = null
    expect(say(1)).toBe(0)
    emitter.sink = sink
    expect(say(2)).toBe(1)
    expect(events.map((e) => e.data['n'])).toEqual([2])
  })
})

describe('an emitter with a sink', () => {
  it('puts the envelope around the data, and hands on the very data object', () => {
    const clock = new ManualClock(100)
    const { emitter, events } = listened(clock)
    emitter.actor = { pid: 7, comm: 'sh' }
    emitter.cpu = 1
    clock.advance(5)
    const data = { n: 1 }
    expect(emitter.emit<P>('t/happened', data, { device: 3 })).toBe(1)
    expect(events).toEqual([
      { seq: 1, entry: null, time: 105, device: 3, cpu: 1, actor: { pid: 7, comm: 'sh' }, cause: [], type: 't/happened', data: { n: 1 } },
    ])
    expect(events[0]!.data).toBe(data)
  })

  it('orders what several live objects say in one sequence', () => {
    const { emitter, events, say } = listened()
    const other = (): number => emitter.emit<P>('t/happened', { n: 9 })
    expect([say(1), other(), say(2)]).toEqual([1, 2, 3])
    expect(events.map((e) => e.seq)).toEqual([1, 2, 3])
    expect(emitter.seq).toBe(3)
  })

  it('numbers an event before those that the sink itself causes', () => {
    const events: AnyEvent[] = []
    const emitter = new Emitter(new ManualClock(), (e) => {
      events.push(e)
      if (e.data['n'] === 1) emitter.emit<P>('t/happened', { n: 2 })
    })
    emitter.emit<P>('t/happened', { n: 1 })
    expect(events.map((e) => [e.seq, e.data['n']])).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('what is said for a cpu outranks the one that things happen on', () => {
    const { emitter, events } = listened()
    emitter.cpu = 1
    emitter.emit<P>('t/happened', { n: 1 }, { cpu: 0 })
    expect(events[0]!.cpu).toBe(0)
  })
})

describe('causes', () => {
  it('what is emitted meanwhile is caused by the innermost cause', () => {
    const { emitter, events, say } = listened()
    emitter.because(say(1), () => {
      const inner = say(2)
      emitter.because(inner, () => say(3))
      say(4)
    })
    say(5)
    expect(events.map((e) => e.cause)).toEqual([[], [1], [2], [1], []])
  })

  it('causes said with an event outrank those that last', () => {
    const { emitter, events } = listened()
    emitter.because(40, () => emitter.emit<P>('t/happened', { n: 1 }, { cause: [] }))
    emitter.because(40, () => emitter.emit<P>('t/happened', { n: 1 }, { cause: [3, 4] }))
    expect(events.map((e) => e.cause)).toEqual([[], [3, 4]])
  })

  it('0, which is what emit returns when nobody listens, causes nothing', () => {
    const { emitter, events, say } = listened()
    emitter.because(5, () => emitter.because(0, () => say(1)))
    expect(events[0]!.cause).toEqual([5])
  })

  it('a cause ends with its function, also when that throws', () => {
    const { emitter, events, say } = listened()
    const boom = new Error('boom')
    expect(() =>
      emitter.because(5, () => {
        throw boom
      }),
    ).toThrow(boom)
    say(1)
    expect(events[0]!.cause).toEqual([])
  })

  it('tells who asked when somebody begins to listen and when nobody does any more, not when another does', () => {
    const emitter = new Emitter(new ManualClock())
    const heard: boolean[] = []
    emitter.whenHeard((on) => heard.push(on))
    const stop = emitter.tap(() => {})
    emitter.sink = () => {}
    expect([heard, emitter.on]).toEqual([[true], true])
    stop()
    emitter.sink = null
    expect([heard, emitter.on]).toEqual([[true, false], false])
    emitter.sink = () => {}
    expect(heard).toEqual([true, false, true])
  })
})
