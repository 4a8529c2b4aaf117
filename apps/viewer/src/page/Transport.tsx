import type { JSX } from 'preact'
import type { StateAt } from '../protocol.ts'
import type { KeyActions } from './keys.ts'

interface TransportProps {
  readonly at: number
  readonly firstSeq: number
  readonly lastSeq: number
  readonly state: StateAt | null
  readonly travel: (seq: number) => void
  readonly actions: KeyActions
  readonly said: string
}

/** The scrubber. */
export function Transport({ at, firstSeq, lastSeq, state, travel, actions }: TransportProps): JSX.Element {
  const time = state?.at.seq === at ? state.at.time : null
  return (
    <div class="transport" role="group" aria-label="Travel">
      <button type="button" onClick={() => actions.end(true)} aria-label="To the start" title="Home">
        |◀
      </button>
      <button type="button" onClick={() => actions.step(-1)} aria-label="One event back" title="[">
        ◀
      </button>
      <input
        type="range"
        min={firstSeq - 1}
        max={lastSeq}
        value={at}
        aria-label="Event"
        aria-valuetext={`event ${at} of ${lastSeq}${time === null ? '' : `, ${time} seconds`}`}
        onInput={(event) => travel(event.currentTarget.valueAsNumber)}
      />
      <button type="button" onClick={() => actions.step(1)} aria-label="One event forth" title="]">
        ▶
      </button>
      <button type="button" onClick={() => actions.end(false)} aria-label="To the end" title="End">
        ▶|
      </button>
      <output>
        {at === 0 ? 'the baseline' : `after event ${at}`} of {lastSeq}
        {time === null ? '' : ` · ${time} s`}
        {state?.at.seq === at && state.at.entry !== null ? ` · entry ${state.at.entry}` : ''}
      </output>
      <button type="button" class="next" onClick={() => actions.violation(false)} title="n">
        Next violation
      </button>
    </div>
  )
}
