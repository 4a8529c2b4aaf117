import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Link } from './link.ts'
import type { WorkerClient } from './worker-client.ts'

/** What a position looks like; all else is an expression. */
const POSITION = /^(start|end|(seq:)?\d+|([^\s:]+:)?@\d+|\d+(\.\d+)?s)$/

/** What is no position, and true of every event. */
const NUMBER = /^-?(0x[\da-f]+|\d+(\.\d+)?)$/i

interface SearchProps {
  readonly client: WorkerClient
  readonly link: Link
  /** Whose fields an expression is about when it names no device: that of the chosen row, or the one whose state is shown. */
  readonly device: string | null
  readonly go: (to: Partial<Link>) => void
  readonly say: (words: string) => void
}

/** One field for a position, a filter of events, and an expression of which one asks when it turned true. */
export function Search({ client, link, device, go, say }: SearchProps): JSX.Element {
  const [text, setText] = useState(link.where)
  const [failure, setFailure] = useState<string | null>(null)
  // A link, or the way back, may bring another filter.
  useEffect(() => setText(link.where), [link.where])
  const failed = (error: Error): void => setFailure(error.message)

  const submit = (): void => {
    const wanted = text.trim()
    setFailure(null)
    const isPosition = POSITION.test(wanted)
    if (!isPosition && NUMBER.test(wanted)) {
      return setFailure(
        `a number alone is no filter: a time has its unit (9.5s), a field stands before what it is compared with (pfn == ${wanted})`,
      )
    }
    if (!isPosition) return go({ where: wanted })
    client.ask('position', wanted).then((seq) => go({ at: seq, selected: seq > 0 ? seq : null, rule: null }), failed)
  }
  const firstTrue = (): void => {
    setFailure(null)
    say('searching')
    client
      .ask('bisect', { when: text.trim(), device })
      .then((seq) => (seq === null ? setFailure('never true') : go({ at: seq, selected: seq > 0 ? seq : null, rule: null })), failed)
  }

  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <input
        id="search"
        type="text"
        value={text}
        spellcheck={false}
        autocomplete="off"
        aria-label="Position, filter of events, or expression"
        aria-invalid={failure !== null}
        aria-describedby={failure === null ? undefined : 'search-failure'}
        placeholder={'138, 9.5s, or type == "kernel/warned"'}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" title="go to a position, or show only events for which it is true">
        Go or filter
      </button>
      <button type="button" title={`the first event after which it is true${device === null ? '' : ` of ${device}`}`} onClick={firstTrue}>
        First true
      </button>
      {link.where !== '' && (
        <button
          type="button"
          onClick={() => {
            setText('')
            go({ where: '' })
          }}
        >
          All events
        </button>
      )}
      {failure !== null && (
        <p id="search-failure" class="failure" role="alert">
          {failure}
        </p>
      )}
    </form>
  )
}
