/** Pages that want to be told of a log's changes, by server-sent events. */
import type { ServerResponse } from 'node:http'

/** Pages that are told at one time. */
export const FOLLOWERS_MAX = 64

/** What a page is told. */
export type Change =
  /** There are more events. */
  | 'grown'
  /** Something else: files are gone, or shorter. */
  | 'changed'

/** One page. What it has not taken yet is not sent again: who reads nothing costs nothing. */
class Follower {
  readonly #response: ServerResponse
  readonly #waiting = new Set<Change>()

  constructor(response: ServerResponse) {
    this.#response = response
    response.on('drain', () => this.#send())
  }

  tell(change: Change): void {
    this.#waiting.add(change)
    this.#send()
  }

  #send(): void {
    for (const change of this.#waiting) {
      if (this.#response.writableNeedDrain) return
      this.#waiting.delete(change)
      this.#response.write(`event: ${change}\ndata: \n\n`)
    }
  }
}

export class Followers {
  readonly #all = new Map<ServerResponse, Follower>()

  /** @returns false when there are too many already. */
  add(response: ServerResponse): boolean {
    if (this.#all.size >= FOLLOWERS_MAX) return false
    this.#all.set(response, new Follower(response))
    response.on('close', () => this.#all.delete(response))
    return true
  }

  tell(change: Change): void {
    for (const follower of this.#all.values()) follower.tell(change)
  }
}
