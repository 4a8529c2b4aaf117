/** The edge to RxJS: the one file of the house that imports it at run time. */
import { Observable, type Subscriber } from 'rxjs'
import type { Emitter, Sink } from './emitter.ts'
import type { AnyEvent } from './envelope.ts'

const taps = new WeakMap<Emitter, { own: Sink | null; subscribers: Set<Subscriber<AnyEvent>> }>()

/**
 * An Observable of everything an emitter says from the subscription on. The emitter's own sink keeps receiving first;
 * while nobody is subscribed nothing of RxJS runs on the emitting path.
 */
export function events$<E extends AnyEvent = AnyEvent>(emitter: Emitter): Observable<E> {
  return new Observable<E>((subscriber) => {
    const sub = subscriber as unknown as Subscriber<AnyEvent>
    let tap = taps.get(emitter)
    if (tap === undefined) {
      const own = emitter.sink
      const subscribers = new Set<Subscriber<AnyEvent>>()
      tap = { own, subscribers }
      taps.set(emitter, tap)
      emitter.sink = (event) => {
        own?.(event)
        for (const s of subscribers) s.next(event)
      }
    }
    const { own, subscribers } = tap
    subscribers.add(sub)
    return () => {
      subscribers.delete(sub)
      if (subscribers.size === 0) {
        taps.delete(emitter)
        emitter.sink = own
      }
    }
  })
}
