import { expect, it } from 'vitest'
import { scriptsIn } from './scripts.ts'

it('sh blocks are found, each with why it is not run', () => {
  const text = '# A\n\n```sh\na\nb\n```\n\n<!-- not run: needs root -->\n\n```sh\nc\n```\n\n```ts\n// no ```sh\n```\n'
  expect(scriptsIn(text)).toEqual([
    { text: 'a\nb\n', line: 3, notRun: null },
    { text: 'c\n', line: 10, notRun: 'needs root' },
  ])
})

it('a comment further up, or one that says nothing, is no reason', () => {
  const scripts = scriptsIn('<!-- not run: x -->\ntext\n```sh\na\n```\n<!-- not run:  -->\n```sh\nb\n```\n')
  expect(scripts.map(({ notRun }) => notRun)).toEqual([null, null])
})

it('one within a list is found, too', () => {
  expect(scriptsIn('- so:\n\n  <!-- not run: needs root -->\n\n  ```sh\n  a\n    b\n  ```\n')).toEqual([
    { text: 'a\n  b\n', line: 5, notRun: 'needs root' },
  ])
})

it('what stands within another block is no block', () => {
  expect(scriptsIn('~~~md\n```sh\na\n```\n~~~\n')).toEqual([])
})
