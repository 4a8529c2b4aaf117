import type { Opened, Question, Questions, ScanState, Told } from '../protocol.ts'

interface Waiting {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
}

/** The worker, as the page asks it. */
export class WorkerClient {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #next = 1
  onScan: (scan: ScanState) => void = () => {}
  onGrown: (opened: Opened) => void = () => {}
  onFailure: (message: string) => void = () => {}
  onNotice: (words: string | null) => void = () => {}

  constructor(worker: Worker) {
    this.#worker = worker
    worker.addEventListener('message', ({ data }: MessageEvent<Told>) => this.#hear(data))
    worker.addEventListener('error', ({ message }) => this.onFailure(message || 'the worker could not be started'))
  }

  #hear(told: Told): void {
    if (told.kind === 'scan') return this.onScan(told.scan)
    if (told.kind === 'grown') return this.onGrown(told.opened)
    if (told.kind === 'notice') return this.onNotice(told.words)
    const waiting = this.#waiting.get(told.id)
    this.#waiting.delete(told.id)
    if (told.kind === 'answer') waiting?.resolve(told.value as never)
    else if (waiting === undefined) this.onFailure(told.message)
    else waiting.reject(new Error(told.message))
  }

  ask<Q extends Question>(question: Q, of: Parameters<Questions[Q]>[0]): Promise<ReturnType<Questions[Q]>> {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, question, of })
    })
  }
}

/** Asks one after the other, and of what was wanted meanwhile only the newest. */
export function newest<A, T>(ask: (of: A) => Promise<T>, take: (value: T, of: A) => void, fail: (error: Error) => void): (of: A) => void {
  let busy = false
  let next: { readonly of: A } | null = null
  const go = (of: A): void => {
    busy = true
    ask(of)
      .then((value) => take(value, of), fail)
      .finally(() => {
        busy = false
        const then = next
        next = null
        if (then !== null) go(then.of)
      })
  }
  return (of) => {
    if (busy) next = { of }
    else go(of)
  }
}
