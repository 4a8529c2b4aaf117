import { stripVTControlCharacters } from 'node:util'

/** Columns a text takes on a terminal, colours left out. */
export const widthOf = (text: string): number => Array.from(stripVTControlCharacters(text)).length

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text

/** Breaks prose at spaces so that no line is wider than `width`; `hang` indents every line but the first. */
export function wrap(text: string, width: number, hang = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line)
      line = `${hang}${word}`
    } else line = lines.length > 0 && line === '' ? `${hang}${word}` : longer
  }
  return [...lines, line]
}

/** Control characters made visible, so that a recording cannot steer the terminal. */
export const visible = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) =>
    c === '\n' ? '\\n' : c === '\t' ? '\\t' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )

/** Cuts a text (colours and all) to a width, with `…` where something was cut. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let left = width - 1
  let out = ''
  // eslint-disable-next-line no-control-regex
  for (const part of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith('\u001b[')) out += part
    else {
      const chars = Array.from(part)
      out += chars.slice(0, left).join('')
      if (left > 0 && chars.length >= left) out += '…'
      left = Math.max(0, left - chars.length)
    }
  }
  return out
}
