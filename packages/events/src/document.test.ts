import { expect, it } from 'vitest'
import { declareEvents } from './declare.ts'
import { documentEvents } from './document.ts'
import { f } from './f.ts'
import { kindDocs } from './field.ts'

const table = documentEvents(
  declareEvents('lamp', {
    lit: {
      version: 2,
      doc: 'A lamp was lit | or relit.',
      kernel: 'led_set',
      fields: { lamp: f.device('the lamp'), colour: f.opt(f.oneOf(['red', 'a|b'], 'its colour')) },
    },
    broke: { version: 1, doc: 'It broke.', fields: {} },
  }),
).split('\n')

it('the table has a head and one line an event, in the order of declaration', () => {
  expect(table).toHaveLength(4)
  expect(table[0]).toBe('| event | what happened | fields |')
  expect(table[2]).toMatch(/^\| `lamp\/lit` \(v2\) \|/)
  expect(table[3]).toBe('| `lamp/broke` | It broke. |  |')
})

it('a field is told with its kind, its values and whether it may be null', () => {
  expect(table[2]).toContain(`\`lamp\` the lamp (${kindDocs.device}); \`colour\` its colour (\`red\` \`a\\|b\`, or null)`)
})

it('the kernel function stands behind the sentence', () => {
  expect(table[2]).toContain('relit. `led_set` |')
})

it('a bar in a sentence or a value makes no further column', () => {
  for (const line of table) expect(line.replaceAll('\\|', '').match(/\|/g)).toHaveLength(4)
})
