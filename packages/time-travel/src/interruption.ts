/** What long work asks now and then whether to go on; an AbortSignal is one. */
export interface Interruption {
  /** @throws its reason, once it is aborted */
  throwIfAborted(): void
}
