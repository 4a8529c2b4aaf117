/** What keys do, by where they are on the keyboard for those of the left hand, by what they print for the others. */
export interface KeyActions {
  readonly zoom: (factor: number) => void
  readonly pan: (part: number) => void
  readonly step: (by: number) => void
  readonly neighbour: (backwards: boolean) => void
  readonly violation: (backwards: boolean) => void
  readonly fit: () => void
  readonly end: (isStart: boolean) => void
  readonly compare: () => void
  readonly bookmark: () => void
  readonly search: () => void
  readonly help: () => void
  readonly forget: () => void
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.matches('input:not([type=radio], [type=checkbox], [type=range]), textarea, select') || target.isContentEditable)

/** @returns whether the key meant something. */
export function press(event: KeyboardEvent, does: KeyActions): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false
  if (isTyping(event.target)) {
    if (event.key !== 'Escape') return false
    ;(event.target as HTMLElement).blur()
    return true
  }
  const byPlace: { readonly [code: string]: () => void } = {
    KeyW: () => does.zoom(0.7),
    KeyS: () => does.zoom(1 / 0.7),
    KeyA: () => does.pan(-0.15),
    KeyD: () => does.pan(0.15),
  }
  const byKey: { readonly [key: string]: () => void } = {
    f: does.fit,
    '[': () => does.step(-1),
    ']': () => does.step(1),
    ',': () => does.neighbour(true),
    '.': () => does.neighbour(false),
    n: () => does.violation(false),
    N: () => does.violation(true),
    Home: () => does.end(true),
    End: () => does.end(false),
    m: does.compare,
    b: does.bookmark,
    '/': does.search,
    '?': does.help,
    Escape: does.forget,
  }
  const action = byKey[event.key] ?? byPlace[event.code]
  if (action === undefined) return false
  action()
  return true
}
