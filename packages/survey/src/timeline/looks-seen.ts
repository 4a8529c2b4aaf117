/** Every look that was seen, once: lanes hold their numbers. */
import type { Seen } from './device-looks.ts'
import { LANE_GROUPS } from './looks.ts'
import type { Look } from './timeline.ts'

export class Looks {
  readonly all: Look[] = []
  readonly #byText = new Map<string, number>()

  /** Its number; −1 for nothing. */
  of(look: Look | null): number {
    if (look === null) return -1
    const text = `${look.tone} ${look.sure} ${look.text}`
    let number = this.#byText.get(text)
    if (number === undefined) {
      this.#byText.set(text, (number = this.all.length))
      this.all.push(look)
    }
    return number
  }
}

/** What was seen of a device, lane by lane, as numbers; null: as before. */
export function looksIn(seen: Seen, all: Looks): (number | null)[] {
  return seen.flatMap((looks, i) => looks?.map((look) => all.of(look)) ?? LANE_GROUPS[i]!.lanes.map(() => null))
}
