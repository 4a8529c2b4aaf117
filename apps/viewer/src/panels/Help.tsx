import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ['w s', 'zoom in and out'],
  ['a d', 'pan left and right'],
  ['f', 'the selected event into the middle, then all of the log'],
  ['[ ]', 'one event back and forth'],
  [', .', 'the previous and the next event of the chosen row (of the filter, where there is one)'],
  ['n N', 'the next and the previous violation'],
  ['Home End', 'the start and the end of the log'],
  ['m', 'keep this moment to compare with; again: forget it'],
  ['b', 'bookmark this moment'],
  ['/', 'go to a position, filter events, or search for when something turned true'],
  ['Esc', 'forget the selection'],
  ['?', 'this help'],
]

const MOUSE: readonly (readonly [string, string])[] = [
  ['wheel', 'scroll rows'],
  ['Ctrl + wheel', 'zoom about the pointer'],
  ['Shift + wheel, drag', 'pan'],
  ['drag on the ruler', 'travel'],
  ['click', 'on a tick: its event; elsewhere: that moment'],
]

export function Help({ close }: { readonly close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const table = (rows: typeof KEYS, caption: string): JSX.Element => (
    <table>
      <caption>{caption}</caption>
      <tbody>
        {rows.map(([keys, does]) => (
          <tr key={keys}>
            <th scope="row">
              <kbd>{keys}</kbd>
            </th>
            <td>{does}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
  return (
    <dialog ref={dialog} class="help" onClose={close} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      {table(KEYS, 'Keyboard')}
      {table(MOUSE, 'Pointer')}
      <h3>How it looks</h3>
      <ul class="legend">
        <li>
          <span class="swatch on" /> there, as it should be: bound, live, added
        </li>
        <li>
          <span class="swatch coming" /> on its way in: probing, mapping
        </li>
        <li>
          <span class="swatch going" /> on its way out: unbinding, unmapping, reference dying, queue frozen
        </li>
        <li>
          <span class="swatch off" /> not there: unbound, removed
        </li>
        <li>
          <span class="swatch held" /> pages are referenced
        </li>
        <li>
          <span class="swatch unknown-look" /> not known; a dashed edge or ≥ is a bound
        </li>
        <li>
          <span class="sign broken">◆</span> a broken rule, certain; <span class="sign perhaps">◇</span> possible;{' '}
          <span class="sign warned">▲</span> the kernel's own warning
        </li>
      </ul>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  )
}
