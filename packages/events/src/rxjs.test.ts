import { describe, expect, it } from 'vitest'
import { ManualClock } from './clock.ts'
import { declareEvents, type Payload } from './declare.ts'
import { Emitter } from './emitter.ts'
import type { AnyEvent } from './envelope.ts'
import { f } from './f.ts'
import { events$ } from './rxjs.ts'

const catalogue = declareEvents('t', { said: { version: 1, doc: 'It was said.', fields: { n: f.count('what') } } })
const say = (emitter: Emitter, n: number): number => emitter.emit<Payload<typeof catalogue>>('t/said', { n })

const numbers = (): { got: unknown[]; take: (e: AnyEvent) => void } => {
  const got: unknown[] = []
  return { got, take: (e) => void got.push(e.data['n']) }
}

const own = (): void => undefined

describe('events$', () => {
  it('making the Observable switches nothing on; subscribing does', () => {
    const emitter = new Emitter(new ManualClock())
    const said = events$(emitter)
    expect(emitter.on).toBe(false)
    const subscription = said.subscribe()
    expect(emitter.on).toBe(true)
    subscription.unsubscribe()
    expect(emitter.on).toBe(false)
    expect(emitter.sink).toBeNull()
  })

  it('gives everything from the subscription on, and nothing after unsubscribing', () => {
    const own = numbers()
    const emitter = new Emitter(new ManualClock(), own.take)
    const { got, take } = numbers()
    say(emitter, 1)
    const subscription = events$(emitter).subscribe(take)
    say(emitter, 2)
    say(emitter, 3)
    subscription.unsubscribe()
    say(emitter, 4)
    expect(got).toEqual([2, 3])
    expect(own.got).toEqual([1, 2, 3, 4])
  })

  it("the emitter's own sink receives first, and is left as it is", () => {
    const order: string[] = []
    const first = (): void => void order.push('own')
    const emitter = new Emitter(new ManualClock(), first)
    const subscription = events$(emitter).subscribe(() => void order.push('subscriber'))
    say(emitter, 1)
    subscription.unsubscribe()
    expect(order).toEqual(['own', 'subscriber'])
    expect(emitter.sink).toBe(first)
  })

  it('several subscribers see the same events; the sink may be set meanwhile', () => {
    const emitter = new Emitter(new ManualClock(), own)
    const [a, b] = [numbers(), numbers()]
    const first = events$(emitter).subscribe(a.take)
    const second = events$(emitter).subscribe(b.take)
    say(emitter, 1)
    first.unsubscribe()
    const other = numbers()
    emitter.sink = other.take
    say(emitter, 2)
    second.unsubscribe()
    say(emitter, 3)
    expect([a.got, b.got, other.got]).toEqual([[1], [1, 2], [2, 3]])
    expect(emitter.sink).toBe(other.take)
    const again = numbers()
    events$(emitter).subscribe(again.take)
    say(emitter, 4)
    expect(again.got).toEqual([4])
  })

  it('a subscriber may leave while an event is handed round; the others still get it', () => {
    const emitter = new Emitter(new ManualClock())
    const b = numbers()
    const first = events$(emitter).subscribe(() => first.unsubscribe())
    events$(emitter).subscribe(b.take)
    say(emitter, 1)
    say(emitter, 2)
    expect(b.got).toEqual([1, 2])
  })

  it('emitters do not hear each other', () => {
    const [one, two] = [new Emitter(new ManualClock()), new Emitter(new ManualClock())]
    const { got, take } = numbers()
    events$(one).subscribe(take)
    events$(two).subscribe()
    say(two, 1)
    say(one, 2)
    expect(got).toEqual([2])
  })
})
