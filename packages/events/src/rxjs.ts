/** The edge to RxJS: the one file of the package that imports it at run time. */
import { Observable } from 'rxjs'
import type { Emitter } from './emitter.ts'
import type { AnyEvent } from './envelope.ts'

/**
 * An Observable of everything an emitter says from the subscription on. The emitter's own sink receives first, whichever
 * it is; while nobody is subscribed nothing of RxJS runs on the emitting path.
 */
export function events$<E extends AnyEvent = AnyEvent>(emitter: Emitter): Observable<E> {
  return new Observable<E>((subscriber) => emitter.tap((event) => subscriber.next(event as E)))
}
