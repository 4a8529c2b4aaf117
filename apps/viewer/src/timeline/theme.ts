import type { Tone } from '@devtrail/survey'

/** The colours of the canvas: those of the page. */
export interface Theme {
  readonly tones: { readonly [T in Tone]: string }
  readonly ink: string
  readonly onTone: string
  readonly faint: string
  readonly line: string
  readonly ground: string
  readonly raised: string
  readonly cursor: string
  readonly compare: string
  readonly bad: string
  readonly tick: string
  readonly font: string
}

export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element)
  const get = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    tones: {
      on: get('tone-on'),
      coming: get('tone-coming'),
      going: get('tone-going'),
      off: get('tone-off'),
      held: get('tone-held'),
      unknown: get('tone-unknown'),
    },
    ink: get('ink'),
    onTone: get('on-tone'),
    faint: get('faint'),
    line: get('line'),
    ground: get('ground'),
    raised: get('raised'),
    cursor: get('cursor'),
    compare: get('compare'),
    bad: get('bad'),
    tick: get('tick'),
    font: `11px ${style.fontFamily}`,
  }
}
