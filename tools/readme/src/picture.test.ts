import { expect, it } from 'vitest'
import { pictureOf } from './picture.ts'

const texts = (svg: string): string[] => [...svg.matchAll(/<tspan[^>]*>([^<]*)</g)].map((m) => m[1]!)

it('text keeps its colours and its place, and is cut at the width', () => {
  const svg = pictureOf('\u001B[1m\u001B[31mcertain\u001B[39m\u001B[22m  rule <a> & more\nnext\n', 20)
  expect(texts(svg)).toEqual(['certain', 'rule\u00A0&lt;a&gt;\u00A0&amp;…', 'next'])
  expect(svg).toContain('fill="#ff6b68" font-weight="bold">certain')
  expect(svg).toContain('x="91.6"')
})

it('a look that it does not know is refused, not left out', () => {
  expect(() => pictureOf('\u001B[35mx', 10)).toThrow('35')
})
